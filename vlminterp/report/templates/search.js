// Searches captions in the files beside the page, one file after another, until enough are found.
const search = document.querySelector(".search");
if (search) {
  const form = search.querySelector("form"), table = search.querySelector("table");
  const body = table.tBodies[0], output = form.querySelector("output"), MOST = 100;
  let waiting, file, read, shown, word;
  globalThis.foundCaptions = (rows) => waiting?.(rows);
  const load = (number) => new Promise((resolve) => {
    const script = document.createElement("script");
    waiting = resolve;
    script.onerror = () => resolve(null);
    script.onload = () => script.remove();
    script.src = `${search.dataset.folder}/${String(number).padStart(4, "0")}.js`;
    document.head.append(script);
  });
  const add = (cells) => {
    const row = body.insertRow();
    for (const cell of cells) row.insertCell().textContent = typeof cell === "number" && !Number.isInteger(cell) ? cell.toFixed(3) : cell ?? "";
  };
  const goOn = async () => {
    const asked = word, most = shown + MOST;
    form.more.hidden = true;
    while (file < Number(search.dataset.files)) {
      const rows = await load(file);
      if (asked !== word) return;
      if (!rows) break;
      file += 1;
      read += rows.length;
      for (const row of rows) {
        if (`${row[1]} ${row[2]}`.toLocaleLowerCase().includes(word)) {
          shown += 1;
          add(row);
        }
      }
      output.value = `${shown} found in ${read} captions`;
      if (shown >= most) {
        form.more.hidden = false;
        break;
      }
    }
    table.hidden = !shown;
    if (!read) output.value = `the folder ${search.dataset.folder} is not beside this page`;
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    word = form.word.value.trim().toLocaleLowerCase();
    if (!word) return;
    file = read = shown = 0;
    body.replaceChildren();
    goOn();
  });
  form.more.addEventListener("click", goOn);
  search.hidden = false;
}
