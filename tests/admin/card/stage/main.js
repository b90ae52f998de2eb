/** Shows the state named after "#" in the page's address. */
import "@lwc/synthetic-shadow";
import { createElement } from "lwc";
import AccountTier from "c/accountTier";

function show() {
  const card = createElement("c-account-tier", { is: AccountTier });
  card.recordId = "001000000000001AAA";
  const main = document.querySelector("main");
  main.replaceChildren(card);
  main.dataset.state = decodeURIComponent(window.location.hash.slice(1));
}

window.addEventListener("hashchange", show);
show();
