// How much of an emergency access is left.  Without this the page says when it ends, and reloads itself then.
"use strict";
const left = document.querySelector("[data-left]");
const begun = Date.now();
const seconds = Number(left.dataset.left);

function tick() {
  const rest = Math.max(0, seconds - Math.floor((Date.now() - begun) / 1000));
  left.textContent = `${Math.floor(rest / 60)}分${String(rest % 60).padStart(2, "0")}秒`;
  left.closest(".remaining").classList.toggle("soon", rest < 300);
  if (rest === 0) {
    document.querySelector("main").replaceChildren();
    location.reload();
  } else {
    setTimeout(tick, 1000);
  }
}

// A page that the browser kept is not shown again without asking.
window.addEventListener("pageshow", (event) => event.persisted && location.reload());
tick();
