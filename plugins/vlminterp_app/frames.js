// Fits a frame to its page's height. Frames run no script, so this one also lets the patch under
// the pointer light the words that look there, where a method tells which word looks where.
window.fitFrame = (frame) => {
  const page = frame.contentDocument;
  const fit = () => { frame.style.height = `${page.body.offsetHeight + 4}px`; };
  new ResizeObserver(fit).observe(page.body);
  fit();
  page.querySelectorAll(".looks").forEach(lightWords);
};

const lightWords = (looks) => {
  const stage = looks.querySelector(".stage");
  const words = [...looks.querySelectorAll("label[data-patches]")].map((label) => ({
    label,
    shares: label.dataset.patches.split(";").map((row) => row.split(",").map(Number)),
  }));
  const [left, top, width, height] = ["--left", "--top", "--width", "--height"]
    .map((name) => Number(looks.style.getPropertyValue(name)));
  const light = (event) => {
    const place = stage.getBoundingClientRect();
    const across = ((event.clientX - place.left) / place.width - left) / width;
    const down = ((event.clientY - place.top) / place.height - top) / height;
    for (const { label, shares } of words) {
      const row = shares[Math.floor(down * shares.length)];
      const share = row?.[Math.floor(across * row.length)] ?? 0;
      label.style.setProperty("--lit", `${Math.abs(share)}%`);
      label.style.setProperty("--colour", share < 0 ? "var(--minus)" : "var(--word)");
    }
  };
  const dark = () => words.forEach(({ label }) => label.style.removeProperty("--lit"));
  stage.addEventListener("pointerdown", light);
  stage.addEventListener("pointermove", light);
  stage.addEventListener("pointerleave", dark);
};
