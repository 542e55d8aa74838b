//! Programs that print a secret, or take one.

use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::source::{NoSecret, Wanted};
use super::{BadSecret, LONGEST};
use crate::text::clean_line;

/// How long may be waited.
#[derive(Debug, Clone, Copy)]
pub(super) struct Deadline(pub(super) Duration);

impl Deadline {
    /// Enough for somebody to touch a hardware key.
    pub(super) const USUAL: Self = Self(Duration::from_secs(30));
}

/// What a program left behind may still write after its end: `gpg` starts an agent that keeps its standard error open.
const GRACE: Duration = Duration::from_millis(200);

/// What the program of `words` prints. It gets no input and no terminal, and is killed when it takes too long.
pub(super) async fn output(words: &[String], deadline: Deadline) -> Result<Zeroizing<Vec<u8>>, NoSecret> {
    let (name, child) = start(words, Stdio::null())?;
    match timeout(deadline.0, collect(child, &name)).await {
        Ok(collected) => collected,
        Err(_) => Err(NoSecret::Late { wanted: Wanted::Token, from: name, after_s: deadline.0.as_secs() }),
    }
}

/// Gives a secret to the program of `words` on its standard input, where no list of processes shows it. It has no terminal,
/// and is killed when it takes too long.
pub(super) async fn give(words: &[String], secret: &[u8], deadline: Deadline) -> Result<(), NoSecret> {
    let (name, mut child) = start(words, Stdio::piped())?;
    let stdin = child.stdin.take();
    let given = async {
        if let Some(mut stdin) = stdin {
            // A program that reads none of it says why when it ends.
            let _ = stdin.write_all(secret).await;
        }
    };
    let both = async { tokio::join!(given, collect(child, &name)).1 };
    match timeout(deadline.0, both).await {
        Ok(collected) => collected.map(drop),
        Err(_) => Err(NoSecret::Late { wanted: Wanted::Token, from: name, after_s: deadline.0.as_secs() }),
    }
}

/// Starts the program of `words`; with it comes its name for people.
fn start(words: &[String], stdin: Stdio) -> Result<(String, Child), NoSecret> {
    let Some((program, arguments)) = words.split_first() else {
        return Err(NoSecret::Bad {
            wanted: Wanted::Token,
            from: "an empty command".to_owned(),
            source: BadSecret::Empty,
        });
    };
    let name = clean_line(program);
    let child = Command::new(program)
        .args(arguments)
        .stdin(stdin)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        // Out of the group that the terminal's keys go to, and that may read from it.
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .map_err(|source| NoSecret::Unstarted { wanted: Wanted::Token, program: name.clone(), source })?;
    Ok((name, child))
}

/// Waits for the end of `child` and reads what it printed.
async fn collect(mut child: Child, name: &str) -> Result<Zeroizing<Vec<u8>>, NoSecret> {
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let mut printed = Zeroizing::new(Vec::with_capacity(LONGEST + 2));
    let mut complained = Vec::new();
    let status = {
        let mut reading = std::pin::pin!(async {
            tokio::join!(read(stdout, &mut printed), read(stderr, &mut complained));
        });
        let mut read_all = false;
        let status = loop {
            tokio::select! {
                () = &mut reading, if !read_all => read_all = true,
                status = child.wait() => break status,
            }
        };
        if !read_all {
            // What is there is read; nobody waits for the rest.
            let _ = timeout(GRACE, reading).await;
        }
        status.map_err(|source| NoSecret::Unstarted { wanted: Wanted::Token, program: name.to_owned(), source })?
    };
    if printed.len() > LONGEST {
        return Err(NoSecret::Bad {
            wanted: Wanted::Token,
            from: format!("the output of {name}"),
            source: BadSecret::TooLong,
        });
    }
    if status.success() { Ok(printed) } else { Err(failed(name, &complained, status)) }
}

/// Reads what can be a secret, and lets go of the rest.
async fn read(from: Option<impl AsyncRead + Unpin>, into: &mut Vec<u8>) {
    let Some(mut from) = from else { return };
    // What cannot be read is missing, and that is told.
    let _ = (&mut from).take(LONGEST as u64 + 1).read_to_end(into).await;
    let _ = tokio::io::copy(&mut from, &mut tokio::io::sink()).await;
}

/// The program's own words, or how it ended.
fn failed(name: &str, complained: &[u8], status: ExitStatus) -> NoSecret {
    const LONGEST_WORDS: usize = 200;
    let words = String::from_utf8_lossy(complained);
    let first = words.lines().map(str::trim).find(|line| !line.is_empty());
    let said = first.map_or_else(|| status.to_string(), |line| clean_line(line).chars().take(LONGEST_WORDS).collect());
    NoSecret::Failed { wanted: Wanted::Token, program: name.to_owned(), said }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the shell script gives, in words where it gives nothing.
    async fn script(text: &str) -> Result<String, String> {
        let words: Vec<String> = ["sh", "-c", text].map(str::to_owned).into();
        let output = output(&words, Deadline::USUAL).await;
        output.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).map_err(|error| error.to_string())
    }

    #[tokio::test]
    async fn a_program_that_fails_says_why() {
        assert_eq!(script("echo no such entry >&2; exit 3").await, Err("sh printed no token: no such entry".into()));
        assert_eq!(script("exit 3").await, Err("sh printed no token: exit status: 3".into()));
        let told = output(&["/no/such/program".to_owned()], Deadline::USUAL).await.unwrap_err();
        assert!(matches!(told, NoSecret::Unstarted { .. }), "{told}");
    }

    #[tokio::test]
    async fn a_program_has_no_input_and_may_complain_at_length() {
        assert_eq!(script("read -r line || echo token").await, Ok("token\n".into()));
        assert_eq!(script("head -c 1000000 /dev/zero >&2; echo token").await, Ok("token\n".into()));
        let told = script("head -c 1000000 /dev/zero").await.unwrap_err();
        assert_eq!(told, "the output of sh is no token");
    }

    #[tokio::test]
    async fn a_program_is_given_a_secret_or_says_why_it_takes_none() {
        let dir = tempfile::tempdir().unwrap();
        let kept = dir.path().join("kept");
        let words = |text: &str| ["sh", "-c", text, "sh", kept.to_str().unwrap()].map(str::to_owned);
        give(&words("cat > \"$1\""), b"token", Deadline::USUAL).await.unwrap();
        assert_eq!(std::fs::read(&kept).unwrap(), b"token");
        let told = give(&words("echo locked >&2; exit 1"), b"token", Deadline::USUAL).await.unwrap_err();
        assert!(matches!(&told, NoSecret::Failed { said, .. } if said == "locked"), "{told}");
        let told = give(&words("exec sleep 600"), b"token", Deadline(Duration::from_millis(20))).await.unwrap_err();
        assert!(matches!(told, NoSecret::Late { .. }), "{told}");
    }

    #[tokio::test]
    async fn what_a_program_leaves_behind_is_not_waited_for() {
        assert_eq!(script("sleep 5 & echo token").await, Ok("token\n".into()));
    }

    #[tokio::test]
    async fn a_program_that_takes_too_long_is_given_up() {
        let words: Vec<String> = ["sleep", "600"].map(str::to_owned).into();
        let told = output(&words, Deadline(Duration::from_millis(20))).await.unwrap_err();
        assert!(matches!(&told, NoSecret::Late { from, .. } if from == "sleep"), "{told}");
    }
}
