/** Shows the state named after "#" in the page's address. */
import "@lwc/synthetic-shadow";
import { createElement } from "lwc";
import AccountTier from "c/accountTier";

const card = createElement("c-account-tier", { is: AccountTier });
card.recordId = "001000000000001AAA";
document.querySelector("main").appendChild(card);
