// Searches captions in the files beside the page, one file after another, until enough are found.
const search = document.querySelector(".search");
if (search) {
  const form = search.querySelector("form"), table = search.querySelector("table");
  const body = table.tBodies[0], output = form.querySelector("output"), MOST = 100;
  const files = Number(search.dataset.files), loaded = new Map(), waiting = new Map();
  globalThis.foundCaptions = (number, rows) => loaded.set(number, rows);
  const load = (number) => {
    if (!waiting.has(number)) waiting.set(number, new Promise((resolve) => {
      const script = document.createElement("script");
      script.onload = script.onerror = () => {
        script.remove();
        resolve(loaded.get(number));
      };
      script.src = `${search.dataset.folder}/${String(number).padStart(4, "0")}.js`;
      document.head.append(script);
    }));
    return waiting.get(number);
  };
  const shown = (cell) => typeof cell === "number" && !Number.isInteger(cell) ? cell.toFixed(3) : cell ?? "";
  const add = (cells) => {
    const row = body.insertRow();
    for (const cell of cells) row.insertCell().textContent = shown(cell);
  };
  // Yields each row that holds a word, and at the end of each file its number of rows.
  const hits = async function* (word) {
    for (let number = 0; number < files; number += 1) {
      const rows = await load(number);
      if (!rows) throw new Error("missing");
      for (const row of rows) if (`${row[1]} ${row[2]}`.toLocaleLowerCase().includes(word)) yield row;
      yield rows.length;
    }
  };
  let current;
  const goOn = async (one) => {
    form.more.hidden = true;
    const most = one.found + MOST;
    try {
      while (one.found < most) {
        const { value, done } = await one.hits.next();
        if (one !== current) return;
        if (done) break;
        if (typeof value === "number") one.read += value;
        else {
          one.found += 1;
          add(value);
        }
      }
      form.more.hidden = one.found < most;
      output.value = one.found < most ? `${one.found} found in ${one.read} captions` : `the first ${one.found}`;
    } catch {
      output.value = `the folder ${search.dataset.folder} is not beside this page, or not whole`;
    }
    table.hidden = !one.found;
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const word = form.word.value.trim().toLocaleLowerCase();
    if (!word) return;
    body.replaceChildren();
    current = { hits: hits(word), found: 0, read: 0 };
    goOn(current);
  });
  form.more.addEventListener("click", () => goOn(current));
  search.hidden = false;
}
