//! Which message is answered by what.

use std::collections::HashMap;

use aleator::language::{self, Diagnostic};
use lsp_server::{ErrorCode, Message, Notification, Request, Response};
use lsp_types::notification::{
    DidChangeTextDocument, DidCloseTextDocument, DidOpenTextDocument, Notification as _, PublishDiagnostics,
};
use lsp_types::request::{
    CodeActionRequest, Completion, Formatting, GotoDefinition, HoverRequest, Initialize, Request as _,
    Shutdown,
};
use lsp_types::{
    CodeAction, CodeActionKind, CodeActionOrCommand, CodeActionParams, CodeActionProviderCapability,
    CompletionOptions, CompletionParams, DidChangeTextDocumentParams, DidCloseTextDocumentParams,
    DidOpenTextDocumentParams, DocumentFormattingParams, GotoDefinitionParams, Hover, HoverContents,
    HoverParams, HoverProviderCapability, InitializeResult, Location, MarkupContent, MarkupKind, OneOf,
    PublishDiagnosticsParams, Range, ServerCapabilities, ServerInfo, TextDocumentPositionParams,
    TextDocumentSyncCapability, TextDocumentSyncKind, TextEdit, Uri, WorkspaceEdit,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::completion::complete;
use super::context::word_at;
use super::documents::Document;
use super::hover::hover;
use super::positions::{offset, range};
use crate::failure::help_of;

/// Most texts that are open at once.
const MOST_DOCUMENTS: usize = 1000;

/// Where the conversation stands.
#[derive(Default, PartialEq, Eq, Clone, Copy)]
enum Phase {
    #[default]
    Before,
    Serving,
    ShutDown,
    Exited {
        orderly: bool,
    },
}

/// The server's side of a conversation.
#[derive(Default)]
pub(super) struct Server {
    phase: Phase,
    documents: HashMap<Uri, Document>,
}

/// An answer, or what is wrong with the request.
type Answer = Result<Value, (ErrorCode, String)>;

impl Server {
    /// Whether the editor has ended the conversation, and whether in the order of the protocol.
    pub fn exited(&self) -> Option<bool> {
        match self.phase {
            Phase::Exited { orderly } => Some(orderly),
            Phase::Before | Phase::Serving | Phase::ShutDown => None,
        }
    }

    /// The answers to a message.
    pub fn handle(&mut self, message: Message) -> Vec<Message> {
        match message {
            Message::Request(request) => vec![self.request(request).into()],
            Message::Notification(notification) => self.notification(notification),
            // Nothing has been asked of the editor.
            Message::Response(_) => Vec::new(),
        }
    }

    /// The mistakes of the texts that have changed since they were last looked at.
    pub fn publish(&mut self) -> Vec<Message> {
        let mut messages = Vec::new();
        for (uri, document) in self.documents.iter_mut().filter(|(_, document)| document.dirty) {
            document.look(uri);
            let diagnostics = document.diagnostics.iter().map(|d| shown(&document.text, d)).collect();
            messages.push(published(uri, diagnostics, Some(document.version)));
        }
        messages
    }

    fn request(&mut self, request: Request) -> Response {
        let id = request.id.clone();
        let answer = match (self.phase, request.method.as_str()) {
            (Phase::Before, Initialize::METHOD) => {
                self.phase = Phase::Serving;
                value(&capabilities())
            }
            (Phase::Before, _) => Err((ErrorCode::ServerNotInitialized, "`initialize` comes first".into())),
            (Phase::Serving, Shutdown::METHOD) => {
                self.phase = Phase::ShutDown;
                Ok(Value::Null)
            }
            (Phase::Serving, method) => self.answer(method, request.params),
            (Phase::ShutDown | Phase::Exited { .. }, _) => {
                Err((ErrorCode::InvalidRequest, "the server has been shut down".into()))
            }
        };
        match answer {
            Ok(result) => Response { id, result: Some(result), error: None },
            Err((code, message)) => Response::new_err(id, code as i32, message),
        }
    }

    fn answer(&self, method: &str, params: Value) -> Answer {
        match method {
            HoverRequest::METHOD => {
                let params: HoverParams = read(params)?;
                self.hover(&params.text_document_position_params)
            }
            Completion::METHOD => {
                let params: CompletionParams = read(params)?;
                let at = &params.text_document_position;
                let document = self.document(&at.text_document.uri)?;
                value(&complete(document, offset(&document.text, at.position)))
            }
            GotoDefinition::METHOD => {
                let params: GotoDefinitionParams = read(params)?;
                self.definition(&params.text_document_position_params)
            }
            Formatting::METHOD => {
                let params: DocumentFormattingParams = read(params)?;
                let text = &self.document(&params.text_document.uri)?.text;
                // A text with mistakes stays as it is.
                let Ok(formatted) = language::format(text) else { return Ok(Value::Null) };
                let whole = range(text, language::Span::new(0, text.len()));
                let edits = (formatted != *text).then_some(TextEdit { range: whole, new_text: formatted });
                value(&edits.into_iter().collect::<Vec<_>>())
            }
            CodeActionRequest::METHOD => {
                let params: CodeActionParams = read(params)?;
                let document = self.document(&params.text_document.uri)?;
                value(&repairs(document, &params.text_document.uri, params.range))
            }
            Initialize::METHOD => Err((ErrorCode::InvalidRequest, "`initialize` comes once".into())),
            _ => Err((ErrorCode::MethodNotFound, format!("there is no method `{method}`"))),
        }
    }

    fn document(&self, uri: &Uri) -> Result<&Document, (ErrorCode, String)> {
        let unknown = || (ErrorCode::InvalidParams, format!("`{}` is not open", uri.as_str()));
        self.documents.get(uri).ok_or_else(unknown)
    }

    fn hover(&self, at: &TextDocumentPositionParams) -> Answer {
        let document = self.document(&at.text_document.uri)?;
        let Some((span, text)) = hover(document, offset(&document.text, at.position)) else {
            return Ok(Value::Null);
        };
        value(&Hover {
            contents: HoverContents::Markup(MarkupContent { kind: MarkupKind::Markdown, value: text }),
            range: Some(range(&document.text, span)),
        })
    }

    fn definition(&self, at: &TextDocumentPositionParams) -> Answer {
        let uri = &at.text_document.uri;
        let document = self.document(uri)?;
        let word = word_at(&document.text, offset(&document.text, at.position));
        let defined = word.and_then(|span| document.definition(span.text(&document.text)));
        match defined {
            Some(defined) => {
                value(&Location { uri: uri.clone(), range: range(&document.text, defined.span) })
            }
            None => Ok(Value::Null),
        }
    }

    /// Notifications have no answers; what they cannot mean is ignored, as the protocol asks.
    fn notification(&mut self, notification: Notification) -> Vec<Message> {
        if notification.method == "exit" {
            self.phase = Phase::Exited { orderly: self.phase == Phase::ShutDown };
        }
        if self.phase != Phase::Serving {
            return Vec::new();
        }
        match notification.method.as_str() {
            DidOpenTextDocument::METHOD => {
                if let Ok(DidOpenTextDocumentParams { text_document }) = read(notification.params)
                    && (self.documents.len() < MOST_DOCUMENTS
                        || self.documents.contains_key(&text_document.uri))
                {
                    let document = Document::new(text_document.text, text_document.version);
                    self.documents.insert(text_document.uri, document);
                }
            }
            DidChangeTextDocument::METHOD => {
                if let Ok(params) = read(notification.params) {
                    self.change(params);
                }
            }
            DidCloseTextDocument::METHOD => {
                if let Ok(DidCloseTextDocumentParams { text_document }) = read(notification.params)
                    && self.documents.remove(&text_document.uri).is_some()
                {
                    return vec![published(&text_document.uri, Vec::new(), None)];
                }
            }
            _ => {}
        }
        Vec::new()
    }

    /// Changes a text, unless an older version comes after a newer one.
    fn change(&mut self, params: DidChangeTextDocumentParams) {
        let Some(document) = self.documents.get_mut(&params.text_document.uri) else { return };
        if params.text_document.version < document.version {
            return;
        }
        let mut text = std::mem::take(&mut document.text);
        for change in params.content_changes {
            match change.range {
                None => text = change.text,
                Some(Range { start, end }) => {
                    let start = offset(&text, start);
                    let end = offset(&text, end).max(start);
                    text.replace_range(start..end, &change.text);
                }
            }
        }
        document.replace(text, params.text_document.version);
    }
}

fn capabilities() -> InitializeResult {
    InitializeResult {
        capabilities: ServerCapabilities {
            text_document_sync: Some(TextDocumentSyncCapability::Kind(TextDocumentSyncKind::INCREMENTAL)),
            hover_provider: Some(HoverProviderCapability::Simple(true)),
            completion_provider: Some(CompletionOptions {
                trigger_characters: Some(["~", "("].map(String::from).to_vec()),
                ..CompletionOptions::default()
            }),
            definition_provider: Some(OneOf::Left(true)),
            document_formatting_provider: Some(OneOf::Left(true)),
            code_action_provider: Some(CodeActionProviderCapability::Simple(true)),
            ..ServerCapabilities::default()
        },
        server_info: Some(ServerInfo {
            name: "aleator".into(),
            version: Some(env!("CARGO_PKG_VERSION").into()),
        }),
    }
}

fn read<T: DeserializeOwned>(params: Value) -> Result<T, (ErrorCode, String)> {
    serde_json::from_value(params).map_err(|error| (ErrorCode::InvalidParams, error.to_string()))
}

fn value(answer: &impl Serialize) -> Answer {
    serde_json::to_value(answer).map_err(|error| (ErrorCode::InternalError, error.to_string()))
}

fn published(uri: &Uri, diagnostics: Vec<lsp_types::Diagnostic>, version: Option<i32>) -> Message {
    let params = PublishDiagnosticsParams { uri: uri.clone(), diagnostics, version };
    Message::Notification(Notification::new(PublishDiagnostics::METHOD.into(), params))
}

/// A mistake as editors show it; without a place it stands at the beginning.
fn shown(text: &str, diagnostic: &Diagnostic) -> lsp_types::Diagnostic {
    let help = help_of(diagnostic).map(|help| format!("\n{help}")).unwrap_or_default();
    lsp_types::Diagnostic {
        range: diagnostic.span.map(|span| range(text, span)).unwrap_or_default(),
        severity: Some(lsp_types::DiagnosticSeverity::ERROR),
        source: Some("aleator".into()),
        message: format!("{diagnostic}{help}"),
        ..lsp_types::Diagnostic::default()
    }
}

/// The suggested replacements of the mistakes in a range.
fn repairs(document: &Document, uri: &Uri, wanted: Range) -> Vec<CodeActionOrCommand> {
    // Replacements belong to the text that was looked at.
    if document.dirty {
        return Vec::new();
    }
    let mut actions = Vec::new();
    for diagnostic in &document.diagnostics {
        for suggestion in &diagnostic.suggestions {
            let place = range(&document.text, suggestion.span);
            if place.end < wanted.start || wanted.end < place.start {
                continue;
            }
            let edit = TextEdit { range: place, new_text: suggestion.text.clone() };
            let changes = serde_json::json!({ uri.as_str(): [edit] });
            let Ok(edit) = serde_json::from_value::<WorkspaceEdit>(serde_json::json!({ "changes": changes }))
            else {
                continue;
            };
            actions.push(CodeActionOrCommand::CodeAction(CodeAction {
                title: format!("Replace by `{}`", suggestion.text),
                kind: Some(CodeActionKind::QUICKFIX),
                diagnostics: Some(vec![shown(&document.text, diagnostic)]),
                edit: Some(edit),
                ..CodeAction::default()
            }));
        }
    }
    actions
}
