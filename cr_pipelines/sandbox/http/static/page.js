// Every two seconds the parts of the page marked data-live are taken anew from the server.
const SECONDS = 2;

async function refresh() {
  if (document.hidden || document.querySelector("details[open]") || !getSelection().isCollapsed) return;
  const answer = await fetch(location.href).catch(() => null);
  if (!answer || !answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of document.querySelectorAll("[data-live]")) {
    const next = fresh.querySelector(`[data-live="${part.dataset.live}"]`);
    if (next && next.innerHTML !== part.innerHTML) part.innerHTML = next.innerHTML;
  }
}

setInterval(refresh, SECONDS * 1000);
