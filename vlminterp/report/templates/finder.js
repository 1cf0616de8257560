// Finds, sorts and filters the pairs of a page; without this script they stand in the page's order.
const finder = document.querySelector(".finder");
if (finder) {
  const cards = [...document.querySelectorAll("[data-scores]")].map((card) => ({
    card,
    home: card.parentElement,
    text: card.dataset.text.toLocaleLowerCase(),
    scores: JSON.parse(card.dataset.scores),
    missed: "missed" in card.dataset,
  }));
  const homes = [...new Set(cards.map(({ home }) => home))];
  const update = () => {
    const word = finder.word.value.trim().toLocaleLowerCase(), score = finder.score.value;
    const sign = Number(finder.order.value);
    finder.order.parentElement.hidden = !score;
    const value = ({ scores }) => sign * (scores[score] ?? sign * Infinity);
    const sorted = score ? [...cards].sort((a, b) => value(a) - value(b)) : cards;
    for (const { card, home } of sorted) (score ? homes[0] : home).append(card);
    let shown = 0;
    for (const { card, text, missed } of cards) {
      card.hidden = !text.includes(word) || (finder.missed?.checked && !missed);
      shown += !card.hidden;
    }
    for (const home of homes) {
      const heading = home.previousElementSibling;
      home.hidden = !home.querySelector("[data-scores]:not([hidden])");
      if (heading?.matches("h3")) heading.hidden = home.hidden || Boolean(score);
    }
    finder.querySelector("output").value = `${shown} of ${cards.length} shown`;
  };
  finder.addEventListener("input", update);
  finder.addEventListener("submit", (event) => event.preventDefault());
  finder.hidden = false;
  update();
}
