// Starts `aleator lsp` for .scg files.
const vscode = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");

let client;

async function start() {
  const command = vscode.workspace.getConfiguration("aleator").get("path", "aleator");
  const server = { command, args: ["lsp"] };
  client = new LanguageClient("aleator", "aleator", server, { documentSelector: [{ language: "scg" }] });
  try {
    await client.start();
  } catch (error) {
    client = undefined;
    vscode.window.showErrorMessage(
      `aleator: cannot start \`${command} lsp\` (${error.message}). Install aleator, or set "aleator.path".`
    );
  }
}

exports.activate = async (context) => {
  context.subscriptions.push(
    vscode.workspace.onDidChangeConfiguration(async (change) => {
      if (change.affectsConfiguration("aleator.path")) {
        await exports.deactivate();
        await start();
      }
    })
  );
  await start();
};

exports.deactivate = async () => {
  const running = client;
  client = undefined;
  await running?.stop();
};
