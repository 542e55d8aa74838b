//! The part of GraphQL's language that a query needs: one operation, variables, arguments, nested fields.

use serde_json::{Value, json};

/// Fields below fields, at the most.
const DEEPEST: usize = 12;

/// A field that is asked for.
#[derive(Debug, PartialEq)]
pub(super) struct Field {
    /// Its name.
    pub(super) name: String,
    /// Its arguments.
    pub(super) arguments: Vec<(String, Argument)>,
    /// What is asked of what it leads to.
    pub(super) fields: Vec<Self>,
}

/// An argument.
#[derive(Debug, PartialEq)]
pub(super) enum Argument {
    /// A value.
    Given(Value),
    /// The value of a variable.
    Variable(String),
}

/// A token.
#[derive(Debug, PartialEq, Clone)]
enum Token {
    /// A sign.
    Sign(char),
    /// A name.
    Name(String),
    /// A text or a number.
    Value(Value),
}

/// The fields that a query asks for at the top.
pub(super) fn parse(query: &str) -> Result<Vec<Field>, String> {
    let mut tokens = Tokens { tokens: tokens(query)?, at: 0 };
    if let Some(Token::Name(word)) = tokens.peek().cloned() {
        if word != "query" {
            return Err(format!("Unexpected Name \"{word}\""));
        }
        tokens.at += 1;
        if matches!(tokens.peek(), Some(Token::Name(_))) {
            tokens.at += 1;
        }
        if tokens.take('(') {
            // The types of variables; what they are given is looked at where it is used.
            while !tokens.take(')') {
                tokens.next()?;
            }
        }
    }
    let fields = tokens.selection(0)?;
    if tokens.peek().is_some() { Err("Expected <EOF>".to_owned()) } else { Ok(fields) }
}

/// The tokens of a text.
fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if first.is_whitespace() || first == ',' {
            rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == ',');
        } else if first == '_' || first.is_ascii_alphabetic() {
            let end = rest.find(|c: char| c != '_' && !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
            let (name, after) = rest.split_at(end);
            tokens.push(Token::Name(name.to_owned()));
            rest = after;
        } else if first == '-' || first.is_ascii_digit() {
            let end = rest.find(|c: char| c != '-' && !c.is_ascii_digit()).unwrap_or(rest.len());
            let (number, after) = rest.split_at(end);
            tokens.push(Token::Value(json!(number.parse::<i64>().map_err(|_| format!("Unexpected {number}"))?)));
            rest = after;
        } else if let Some(after) = rest.strip_prefix('"') {
            let (inner, after) = after.split_once('"').ok_or("Unterminated string")?;
            tokens.push(Token::Value(json!(inner)));
            rest = after;
        } else if "{}()[]:$!=".contains(first) {
            tokens.push(Token::Sign(first));
            rest = rest.get(1..).unwrap_or_default();
        } else {
            return Err(format!("Unexpected character \"{first}\""));
        }
    }
    Ok(tokens)
}

/// Tokens and how far they were read.
struct Tokens {
    tokens: Vec<Token>,
    at: usize,
}

impl Tokens {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn next(&mut self) -> Result<Token, String> {
        let token = self.peek().cloned().ok_or("Unexpected <EOF>")?;
        self.at += 1;
        Ok(token)
    }

    /// Takes a sign if it comes next.
    fn take(&mut self, sign: char) -> bool {
        let is_next = self.peek() == Some(&Token::Sign(sign));
        self.at += usize::from(is_next);
        is_next
    }

    fn expect(&mut self, sign: char) -> Result<(), String> {
        if self.take(sign) { Ok(()) } else { Err(format!("Expected \"{sign}\", found {:?}", self.peek())) }
    }

    fn name(&mut self) -> Result<String, String> {
        match self.next()? {
            Token::Name(name) => Ok(name),
            other @ (Token::Sign(_) | Token::Value(_)) => Err(format!("Expected Name, found {other:?}")),
        }
    }

    /// What stands in braces.
    fn selection(&mut self, depth: usize) -> Result<Vec<Field>, String> {
        if depth > DEEPEST {
            return Err("the query is too deep".to_owned());
        }
        self.expect('{')?;
        let mut fields = Vec::new();
        while !self.take('}') {
            let name = self.name()?;
            let mut arguments = Vec::new();
            if self.take('(') {
                while !self.take(')') {
                    let name = self.name()?;
                    self.expect(':')?;
                    arguments.push((name, self.argument()?));
                }
            }
            let below = self.peek() == Some(&Token::Sign('{'));
            fields.push(Field { name, arguments, fields: if below { self.selection(depth + 1)? } else { Vec::new() } });
        }
        if fields.is_empty() { Err("Expected Name, found }".to_owned()) } else { Ok(fields) }
    }

    fn argument(&mut self) -> Result<Argument, String> {
        if self.take('$') {
            return self.name().map(Argument::Variable);
        }
        if self.take('[') {
            let mut items = Vec::new();
            while !self.take(']') {
                items.push(self.literal()?);
            }
            return Ok(Argument::Given(Value::Array(items)));
        }
        self.literal().map(Argument::Given)
    }

    fn literal(&mut self) -> Result<Value, String> {
        match self.next()? {
            Token::Value(value) => Ok(value),
            Token::Name(word) if word == "true" => Ok(json!(true)),
            Token::Name(word) if word == "false" => Ok(json!(false)),
            Token::Name(word) if word == "null" => Ok(Value::Null),
            other @ (Token::Sign(_) | Token::Name(_)) => Err(format!("Unexpected {other:?}")),
        }
    }
}
