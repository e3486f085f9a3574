/*
 * Run workflows with PromptLayer's own client: parameters as an argument, what each run returns on the last line.
 */
const { PromptLayer } = require("promptlayer");

// Node has a WebSocket from version 22. This one comes with the client.
globalThis.WebSocket ??= require("ws");
(async () => {
  const { apiKey, baseURL, runs } = JSON.parse(process.argv[2]);
  const client = new PromptLayer({ apiKey, baseURL });
  const outcomes = [];
  for (const parameters of runs) {
    try {
      outcomes.push({ result: await client.runWorkflow(parameters) });
    } catch (error) {
      outcomes.push({ error: error.message });
    }
  }
  console.log(JSON.stringify(outcomes));
})();
