// Send a request that is described in /openapi.json, and show the response.
const form = document.getElementById("try");
const shown = document.getElementById("response");

async function start() {
  const description = await (await fetch("/openapi.json")).json();
  const operations = [];
  for (const [path, item] of Object.entries(description.paths)) {
    const server = (item.servers || description.servers)[0].url;
    const start = new URL(server).pathname.replace(/\/$/, "");
    for (const method of ["get", "post", "delete"]) {
      if (item[method]) operations.push({ method: method.toUpperCase(), address: start + path, ...item[method] });
    }
  }
  for (const [number, operation] of operations.entries()) {
    form.operation.add(new Option(`${operation.method} ${operation.address}: ${operation.summary}`, number));
  }
  const choose = () => {
    const operation = operations[form.operation.value];
    form.address.value = operation.address;
    form.body.value = operation.requestBody ? "{}" : "";
    form.body.hidden = !operation.requestBody;
  };
  form.operation.addEventListener("change", choose);
  choose();
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const operation = operations[form.operation.value];
    const headers = { Authorization: `Bearer ${form.token.value}` };
    if (operation.requestBody) headers["Content-Type"] = "application/json";
    const body = operation.requestBody ? form.body.value : undefined;
    try {
      const response = await fetch(form.address.value, { method: operation.method, headers, body });
      const why = response.headers.get("X-Sandbox-Why");
      shown.textContent = `${response.status}${why ? ` (${why})` : ""}\n${await response.text()}`;
    } catch (error) {
      shown.textContent = `no response: ${error.message}`;
    }
  });
}

start();
