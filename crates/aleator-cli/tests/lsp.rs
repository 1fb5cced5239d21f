//! A scripted editor talks to `aleator lsp`.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

/// An editor with the server that it started.
struct Editor {
    server: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    /// Notifications that came before an awaited answer.
    notifications: Vec<Value>,
    requests: i64,
}

const URI: &str = "file:///a/folder%20of%20mine/toy.scg";

impl Editor {
    /// Starts a server and says nothing.
    fn silent() -> Self {
        let mut server = Command::new(env!("CARGO_BIN_EXE_aleator"))
            .arg("lsp")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let input = server.stdin.take();
        let output = BufReader::new(server.stdout.take().unwrap());
        Editor { server, input, output, notifications: Vec::new(), requests: 0 }
    }

    /// An editor that has greeted the server and opened a text.
    fn with(text: &str) -> Self {
        let mut editor = Editor::silent();
        let greeting = editor.ask("initialize", json!({ "processId": null, "capabilities": {} }));
        assert_eq!(greeting["result"]["capabilities"]["hoverProvider"], true, "{greeting}");
        editor.tell("initialized", json!({}));
        editor.open(text);
        editor
    }

    fn raw(&mut self, bytes: &[u8]) {
        let input = self.input.as_mut().unwrap();
        input.write_all(bytes).and_then(|()| input.flush()).unwrap();
    }

    fn send(&mut self, message: &Value) {
        let text = message.to_string();
        self.raw(format!("Content-Length: {}\r\n\r\n{text}", text.len()).as_bytes());
    }

    fn tell(&mut self, method: &str, params: Value) {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    fn open(&mut self, text: &str) {
        let document = json!({ "uri": URI, "languageId": "scg", "version": 1, "text": text });
        self.tell("textDocument/didOpen", json!({ "textDocument": document }));
    }

    fn change(&mut self, version: i64, changes: Value) {
        let document = json!({ "uri": URI, "version": version });
        self.tell("textDocument/didChange", json!({ "textDocument": document, "contentChanges": changes }));
    }

    /// The next message of the server; none at its end.
    fn message(&mut self) -> Option<Value> {
        let mut length = 0;
        loop {
            let mut line = String::new();
            if self.output.read_line(&mut line).unwrap() == 0 {
                return None;
            }
            match line.trim_end() {
                "" => break,
                header => length = header.strip_prefix("Content-Length: ").unwrap().parse().unwrap(),
            }
        }
        let mut body = vec![0; length];
        self.output.read_exact(&mut body).unwrap();
        Some(serde_json::from_slice(&body).unwrap())
    }

    /// The answer to a request.
    fn ask(&mut self, method: &str, params: Value) -> Value {
        self.requests += 1;
        let id = self.requests;
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        loop {
            let message = self.message().expect("the server has gone");
            if message["id"] == id {
                return message;
            }
            self.notifications.push(message);
        }
    }

    /// The answer to a question about a place.
    fn at(&mut self, method: &str, line: u64, character: u64) -> Value {
        let position = json!({ "line": line, "character": character });
        self.ask(method, json!({ "textDocument": { "uri": URI }, "position": position }))
    }

    /// The mistakes of a version of the text.
    fn diagnostics(&mut self, version: i64) -> Vec<Value> {
        loop {
            let next = if self.notifications.is_empty() {
                self.message().expect("the server has gone")
            } else {
                self.notifications.remove(0)
            };
            if next["method"] == "textDocument/publishDiagnostics" && next["params"]["version"] == version {
                return next["params"]["diagnostics"].as_array().unwrap().clone();
            }
        }
    }

    /// Ends the conversation in order; the status of the server.
    fn goodbye(mut self) -> Option<i32> {
        assert_eq!(self.ask("shutdown", Value::Null)["error"], Value::Null);
        self.tell("exit", Value::Null);
        self.server.wait().unwrap().code()
    }
}

impl Drop for Editor {
    fn drop(&mut self) {
        drop(self.input.take());
        let _ = self.server.wait();
    }
}

const TOY: &str = "param theta = 0.0\nb ~ Bernoulli(logits = theta) via rebar(temperature = 0.5)\ncost loss = (b - 0.45)^2\n";

fn labels(answer: &Value) -> Vec<&str> {
    answer["result"].as_array().unwrap().iter().map(|item| item["label"].as_str().unwrap()).collect()
}

#[test]
fn mistakes_are_shown_as_one_types_and_can_be_repaired() {
    let mut editor = Editor::with("# é😀\nparam theta = 0\ncost f = thta^2 + nothing");
    let found = editor.diagnostics(1);
    assert_eq!(found.len(), 2, "{found:?}");
    assert_eq!(
        found[0]["range"],
        json!({ "start": { "line": 2, "character": 9 }, "end": { "line": 2, "character": 13 } })
    );
    assert!(found[0]["message"].as_str().unwrap().contains("did you mean `theta`?"));

    let range = &found[0]["range"];
    let repairs = editor.ask(
        "textDocument/codeAction",
        json!({ "textDocument": { "uri": URI }, "range": range, "context": { "diagnostics": [] } }),
    );
    let edit = &repairs["result"][0]["edit"]["changes"][URI][0];
    assert_eq!((&edit["range"], &edit["newText"]), (range, &json!("theta")), "{repairs}");

    // As an editor sends it: two edits, after a character of two units.
    editor.change(
        2,
        json!([
            { "range": { "start": { "line": 0, "character": 2 }, "end": { "line": 0, "character": 5 } }, "text": "é" },
            { "range": range, "text": "theta" },
        ]),
    );
    let found = editor.diagnostics(2);
    assert_eq!(found.len(), 1, "{found:?}");
    editor.change(3, json!([{ "text": TOY }]));
    assert_eq!(editor.diagnostics(3), Vec::<Value>::new());
    // A version from the past changes nothing.
    editor.change(2, json!([{ "text": "x = " }]));
    editor.change(4, json!([{ "text": format!("{TOY}x = ") }]));
    assert_eq!(editor.diagnostics(4)[0]["range"]["start"]["line"], 3);
    assert_eq!(editor.goodbye(), Some(0));
}

#[test]
fn words_are_explained_completed_and_found() {
    let mut editor = Editor::with(TOY);
    editor.diagnostics(1);
    for (line, character, said) in [
        (1, 25, "`theta` is a parameter, a scalar"),
        (1, 25, "param theta = 0.0"),
        (1, 0, "drawn at random"),
        (1, 6, "0 or 1"),
        (1, 36, "unbiased"),
        (1, 43, "option of `rebar`"),
        (0, 2, "is optimised"),
        (2, 8, "a cost"),
    ] {
        let answer = editor.at("textDocument/hover", line, character);
        let text = answer["result"]["contents"]["value"].as_str().unwrap_or_default();
        assert!(text.contains(said), "{line}:{character}: {answer}");
    }
    assert_eq!(editor.at("textDocument/hover", 2, 17)["result"], Value::Null);
    let place = editor.at("textDocument/definition", 1, 24);
    assert_eq!(place["result"]["range"]["start"], json!({ "line": 0, "character": 6 }), "{place}");
    assert_eq!(editor.at("textDocument/definition", 1, 6)["result"], Value::Null);

    for (version, text, among, not) in [
        (2, "z ~ ", "Bernoulli", "exp"),
        (3, "z ~ Normal(0, 1) via ", "pathwise", "Normal"),
        (4, "z ~ Normal(0, 1) via rebar(", "temperature", "exp"),
        (5, "param alpha = 1\ny = ", "alpha", "param"),
        (6, "y = lo", "logsumexp", "Normal"),
        (7, "y = kl(", "Normal", "param"),
        (8, "z ~ Normal(", "scale", "param"),
        (9, "par", "param", "exp"),
    ] {
        editor.change(version, json!([{ "text": text }]));
        let last = text.lines().last().unwrap();
        let answer = editor.at("textDocument/completion", text.lines().count() as u64 - 1, last.len() as u64);
        let labels = labels(&answer);
        assert!(labels.contains(&among) && !labels.contains(&not), "{text}: {labels:?}");
    }
    assert_eq!(editor.goodbye(), Some(0));
}

#[test]
fn a_text_is_formatted() {
    let mut editor = Editor::with("param t=1 # é😀\ncost f=t ^2");
    let options = json!({ "tabSize": 4, "insertSpaces": true });
    let ask = json!({ "textDocument": { "uri": URI }, "options": options });
    let answer = editor.ask("textDocument/formatting", ask.clone());
    assert_eq!(answer["result"][0]["newText"], "param t = 1  # é😀\ncost f = t^2\n");
    assert_eq!(
        answer["result"][0]["range"],
        json!({ "start": { "line": 0, "character": 0 }, "end": { "line": 1, "character": 11 } })
    );
    editor.change(2, json!([{ "text": "cost f = (" }]));
    assert_eq!(editor.ask("textDocument/formatting", ask)["result"], Value::Null);
    assert_eq!(editor.goodbye(), Some(0));
}

#[test]
fn hostile_messages_do_no_harm() {
    let mut editor = Editor::silent();
    // Too early, and unknown.
    assert_eq!(editor.at("textDocument/hover", 0, 0)["error"]["code"], -32002);
    let greeting = editor.ask("initialize", json!({ "processId": "no number", "capabilities": 3 }));
    assert!(greeting["result"].is_object());
    assert_eq!(editor.ask("initialize", json!({}))["error"]["code"], -32600);
    assert_eq!(editor.ask("textDocument/nonsense", json!([1]))["error"]["code"], -32601);
    assert_eq!(editor.ask("textDocument/hover", json!({ "textDocument": 3 }))["error"]["code"], -32602);
    assert_eq!(editor.at("textDocument/hover", 0, 0)["error"]["code"], -32602, "not open");

    // What is no message.
    for bytes in [
        &b"Content-Length: 9\r\n\r\nnot JSON!"[..],
        b"Content-Length: 2\r\n\r\n[]",
        b"Content-Length: 2\r\n\r\n\xff\xfe",
    ] {
        editor.raw(bytes);
        let answer = editor.message().unwrap();
        assert_eq!((&answer["id"], &answer["error"]["code"]), (&Value::Null, &json!(-32700)), "{answer}");
    }
    editor.raw(b"garbage\r\nX-Header: 1\r\ncontent-length: 2\r\n\r\n{}");
    assert_eq!(editor.message().unwrap()["error"]["code"], -32700);

    // Notifications that make no sense.
    editor.tell("textDocument/didOpen", json!({ "textDocument": { "uri": "not a uri", "version": "x" } }));
    editor.tell("textDocument/didChange", json!(null));
    editor.change(1, json!([{ "text": "never opened" }]));
    editor.tell("textDocument/didClose", json!({ "textDocument": { "uri": URI } }));
    editor.send(&json!({ "jsonrpc": "2.0", "id": 77, "result": null }));

    // Positions outside of the text, and in the wrong order.
    editor.open(TOY);
    assert_eq!(editor.diagnostics(1).len(), 0);
    let far = u64::from(u32::MAX);
    for method in ["textDocument/hover", "textDocument/completion", "textDocument/definition"] {
        for (line, character) in [(far, far), (0, far), (far, 0)] {
            assert_eq!(
                editor.at(method, line, character)["error"],
                Value::Null,
                "{method} {line}:{character}"
            );
        }
        assert_eq!(
            editor.ask(
                method,
                json!({ "textDocument": { "uri": URI }, "position": { "line": -1, "character": 0 } })
            )["error"]["code"],
            -32602
        );
    }
    let backwards = json!({ "start": { "line": 2, "character": 5 }, "end": { "line": 0, "character": 1 } });
    editor.change(2, json!([{ "range": backwards, "text": "x" }]));
    editor.diagnostics(2);

    // A huge text, and one that nests deeply.
    let huge = format!("x = [{}]\n", "1, ".repeat(4_000_000));
    editor.change(3, json!([{ "text": huge }]));
    assert!(!editor.diagnostics(3).is_empty());
    editor.change(4, json!([{ "text": format!("x = {}", "(".repeat(100_000)) }]));
    assert!(!editor.diagnostics(4).is_empty());
    assert_eq!(editor.at("textDocument/completion", 0, 90_000)["error"], Value::Null);

    // A message that is too long is skipped.
    let long = 65 << 20;
    editor.raw(format!("Content-Length: {long}\r\n\r\n").as_bytes());
    editor.raw(&vec![b' '; long]);
    assert_eq!(editor.message().unwrap()["error"]["code"], -32700);
    assert_eq!(editor.ask("shutdown", Value::Null)["error"], Value::Null);
    assert_eq!(editor.at("textDocument/hover", 0, 0)["error"]["code"], -32600);
    editor.tell("exit", Value::Null);
    assert_eq!(editor.server.wait().unwrap().code(), Some(0));
}

#[test]
fn the_server_ends_when_the_editor_does() {
    for (bytes, status) in [
        (&b""[..], 0),
        (b"Content-Length: 2\r\n\r\n[]\r\n", 0),
        (b"Content-Length: 100\r\n\r\nshort", 2),
        (b"no header at all", 2),
        (b"no header\r\n\r\n", 2),
        (b"Content-Length: no\r\n\r\n", 2),
        (b"Content-Length: -5\r\n\r\n{}", 2),
        (b"Content-Length: 99999999999999999999999\r\n\r\n{}", 2),
        (b"Content-Length: 9999999999999\r\n\r\n{}", 2),
    ] {
        let mut editor = Editor::silent();
        editor.raw(bytes);
        drop(editor.input.take());
        assert_eq!(editor.server.wait().unwrap().code(), Some(status), "{bytes:?}");
    }
    let mut editor = Editor::with(TOY);
    editor.tell("exit", Value::Null);
    assert_eq!(editor.server.wait().unwrap().code(), Some(1));
}
