/* A draft in an editor, and what was changed in it. */
#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/diff.h"
#include "base/err.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/str.h"
#include "cmd/open.h"
#include "cmd/out.h"
#include "cmd/review.h"
#include "pipeline/guard.h"
#include "pipeline/hand.h"
#include "store/talk.h"
#include "store/ticket.h"
#include "store/work.h"

#define EDIT_MAX    ((size_t)1 << 20)
#define PATH_LENGTH 1024

extern char **environ;

/* The newest draft of the ticket that the command names, and the ticket. */
static int draft_of(const struct cmd_call *c, struct reading *r, struct ticket *t, struct draft *d,
                    struct trg_err *err) {
  const int rc = ticket_by_ref(r->store, str_of(c->words[0]), r->arena, t, err);
  if (rc < 0) return rc;
  return draft_newest(r->store, t->id, r->arena, d, err);
}

/* --- edit --------------------------------------------------------------------------------------
 */

/* The keys that end a program are the editor's while it runs: else its text would stay behind. */
static const int keys[] = {SIGINT, SIGQUIT, SIGHUP};
#define KEYS (sizeof keys / sizeof *keys)

static int editor_spawn(const char *path, pid_t *ret_child) {
  const char *editor = getenv("VISUAL");
  if (editor == NULL || editor[0] == '\0') editor = getenv("EDITOR");
  if (editor == NULL || editor[0] == '\0') editor = "vi";
  struct buf line; /* as a shell reads it; a plain one takes the shell's place */
  buf_init(&line, 1 << 16);
  buf_printf(&line, "%s%s \"$1\"",
             strpbrk(editor, "|&;<>()$`\\\"'*?[#~=%\n") == NULL ? "exec " : "", editor);
  char *const argv[] = {(char *)"sh", (char *)"-c", line.p, (char *)"sh", (char *)path, NULL};
  posix_spawnattr_t attr;
  sigset_t own;
  (void)sigemptyset(&own);
  for (size_t i = 0; i < KEYS; i++) (void)sigaddset(&own, keys[i]);
  (void)posix_spawnattr_init(&attr);
  (void)posix_spawnattr_setsigdefault(&attr, &own);
  (void)posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGDEF);
  const int rc = posix_spawn(ret_child, "/bin/sh", NULL, &attr, argv, environ);
  (void)posix_spawnattr_destroy(&attr);
  buf_free(&line);
  return rc;
}

/* Waits for $VISUAL, else $EDITOR, else vi, on the file. */
static int editor_run(const char *path, struct trg_err *err) {
  struct sigaction before[KEYS];
  const struct sigaction ignored = {.sa_handler = SIG_IGN};
  pid_t child = 0;
  int status = 0, rc = 0;
  for (size_t i = 0; i < KEYS; i++) (void)sigaction(keys[i], &ignored, &before[i]);
  if (editor_spawn(path, &child) != 0)
    rc = err_set(err, TRG_EIO, "editor", "/bin/sh cannot be started");
  while (rc == 0 && waitpid(child, &status, 0) < 0)
    if (errno != EINTR) rc = err_set(err, TRG_EIO, "editor", "waiting for the editor failed");
  for (size_t i = 0; i < KEYS; i++) (void)sigaction(keys[i], &before[i], NULL);
  if (rc == 0 && (!WIFEXITED(status) || WEXITSTATUS(status) != 0))
    rc = err_set(err, TRG_EIO, "editor",
                 "the editor ended with an error; nothing was changed. Set EDITOR, or use --file");
  return rc;
}

static int text_write(const char *text, char path[PATH_LENGTH], struct trg_err *err) {
  const char *folder = getenv("TMPDIR");
  if (folder == NULL || folder[0] == '\0') folder = "/tmp";
  if ((size_t)snprintf(path, PATH_LENGTH, "%s/triagectl-draft-XXXXXX", folder) >= PATH_LENGTH)
    return err_set(err, TRG_EIO, "file", "the name of TMPDIR is too long");
  const int fd = mkstemp(path); /* readable by its owner alone */
  if (fd < 0) return err_set(err, TRG_EIO, "file", "no temporary file can be made in %s", folder);
  const size_t n = strlen(text);
  int rc = 0;
  for (size_t done = 0; done < n && rc == 0;) {
    const ssize_t k = write(fd, text + done, n - done);
    if (k <= 0)
      rc = err_set(err, TRG_EIO, "file", "%s cannot be written", path);
    else
      done += (size_t)k;
  }
  (void)close(fd);
  if (rc < 0) (void)unlink(path);
  return rc;
}

/* The draft that is edited: one that waits. The text that stands there, for the daemon to tell
 * whether somebody else changed it meanwhile. */
static int draft_read(const struct cmd_call *c, char **ret_text, struct trg_err *err) {
  struct reading r;
  struct ticket t;
  struct draft d;
  const int status = reading_open(c, &r);
  if (status != 0) return err_set(err, TRG_EIO, "state", "the state can not be read");
  int rc = draft_of(c, &r, &t, &d, err);
  if (rc >= 0 && strcmp(d.state, "waiting") != 0)
    rc = err_set(err, TRG_ESTATE, "state", "the draft of %s does not wait for a person: it is %s",
                 t.ref, d.state);
  if (rc >= 0) *ret_text = mem_dup(d.edited[0] != '\0' ? d.edited : d.body);
  reading_close(&r);
  return rc;
}

static int text_check(struct trg_str text, const char *from, struct trg_err *err) {
  if (!utf8_valid(text))
    return err_set(err, TRG_EINVAL, "utf8", "%s is not valid UTF-8; save it as UTF-8", from);
  return 0;
}

/* Asks for the change; what was typed is kept when it is refused, but not what must not be on a
 * disk. */
static int edited_send(const struct cmd_call *c, const char *was, struct trg_str text,
                       const char *path) {
  char hash[HASH_HEX_MAX];
  struct trg_err err = {0};
  int rc = text_check(text, "the text", &err);
  if (rc >= 0 && str_eq(str_trim(text), str_trim(str_of(was))))
    rc = err_set(&err, TRG_ESTATE, "unchanged", "the text was not changed");
  if (rc >= 0 && str_trim(text).n == 0)
    rc = err_set(&err, TRG_EINVAL, "usage", "the edited reply is empty; the draft stays as it was");
  if (rc >= 0) rc = hand_private(text, &err);
  if (rc < 0) {
    (void)unlink(path);
    return cmd_fail(CMD_FAILED, "%s", err.text);
  }
  hash_hex(str_of(was), hash);
  const int status = review_act(c, "edit", "edited", text, 0, hash);
  if (status == 0)
    (void)unlink(path);
  else
    (void)cmd_fail(status, "your text is kept in %s", path);
  return status;
}

static int edit_in_editor(const struct cmd_call *c) {
  char path[PATH_LENGTH] = "";
  char *was = NULL;
  struct trg_err err = {0};
  struct buf b;
  int status = CMD_OK;
  buf_init(&b, EDIT_MAX);
  int rc = draft_read(c, &was, &err);
  if (was != NULL) rc = text_write(was, path, &err);
  if (rc >= 0) {
    rc = editor_run(path, &err);
    if (rc >= 0) rc = file_read(path, EDIT_MAX, &b, &err);
    if (rc < 0) (void)unlink(path);
  }
  if (rc < 0)
    status = cmd_fail(CMD_FAILED, "%s", err.text);
  else
    status = edited_send(c, was, buf_view(&b), path);
  mem_free(was);
  buf_free(&b);
  return status;
}

static int edit_run(const struct cmd_call *c) {
  const char *path = call_value(c, "file");
  if (path == NULL) return edit_in_editor(c);
  struct trg_err err = {0};
  struct buf b;
  buf_init(&b, EDIT_MAX);
  int rc = strcmp(path, "-") == 0 ? cmd_stdin(&b, &err) : file_read(path, EDIT_MAX, &b, &err);
  if (rc >= 0) rc = text_check(buf_view(&b), path, &err);
  const int status = rc < 0 ? cmd_fail(CMD_FAILED, "%s", err.text)
                            : review_act(c, "edit", "edited", buf_view(&b), 0, "");
  buf_free(&b);
  return status;
}

/* --- diff --------------------------------------------------------------------------------------
 */

/* What a person wrote instead: in review, else in the helpdesk after the draft was made. */
static const char *other_text(struct reading *r, const struct ticket *t, const struct draft *d,
                              const char **ret_by, struct trg_err *err) {
  struct message *m = NULL;
  size_t n = 0;
  *ret_by = d->reviewer;
  if (d->edited[0] != '\0') return d->edited;
  const char *text = NULL;
  if (message_list(r->store, t->id, r->arena, &m, &n, err) < 0) return NULL;
  for (size_t i = 0; i < n; i++)
    if (m[i].author == TRG_AUTHOR_AGENT && (m[i].flags & TRG_MESSAGE_PUBLIC) != 0 &&
        m[i].at_ms >= d->made_ms)
      text = m[i].text;
  *ret_by = "helpdesk";
  return text;
}

/* One run with its marks; the white space behind its last word stays outside of them. */
static void run_add(struct buf *b, const struct diff_run *run, bool colour) {
  static const char *const open[] = {"", "[-", "{+"}, *const close[] = {"", "-]", "+}"};
  static const char *const tint[] = {"", "\033[31m", "\033[32m"};
  struct trg_str text = run->text;
  size_t end = text.n;
  while (end > 0 && strchr(" \n\t\r", text.p[end - 1]) != NULL) end--;
  const bool tinted = colour && run->kind != DIFF_SAME;
  if (tinted) buf_text(b, tint[run->kind]);
  buf_text(b, open[run->kind]);
  for (size_t k = 0, from = 0; k < end; from = k) { /* nothing of a customer moves the cursor */
    const uint32_t c = utf8_next(text, &k);
    if ((c < 0x20 && c != '\n') || (c >= 0x7f && c < 0xa0))
      buf_char(b, ' ');
    else
      buf_add(b, text.p + from, k - from);
  }
  buf_text(b, close[run->kind]);
  if (tinted) buf_text(b, "\033[0m");
  buf_add(b, text.p + end, text.n - end);
}

static void runs_print(const struct diff_run *runs, size_t n) {
  const bool colour = out_screen_of(stdout).colour;
  struct buf b;
  buf_init(&b, (size_t)4 << 20);
  for (size_t i = 0; i < n; i++) run_add(&b, &runs[i], colour);
  buf_char(&b, '\n');
  out_buf_print(&b);
  buf_free(&b);
}

static json *runs_json(const struct diff_run *runs, size_t n) {
  static const char *const kinds[] = {"same", "gone", "new"};
  json *list = json_array();
  for (size_t i = 0; i < n; i++) {
    json *o = json_object();
    json_put_text(o, "kind", kinds[runs[i].kind]);
    json_put_str(o, "text", runs[i].text);
    json_add(list, o);
  }
  return list;
}

static int diff_print(const struct cmd_call *c, struct reading *r, struct trg_err *err) {
  struct ticket t;
  struct draft d;
  const char *by = "";
  const int rc = draft_of(c, r, &t, &d, err);
  if (rc < 0) return rc;
  const char *other = other_text(r, &t, &d, &by, err);
  if (other == NULL)
    return err_set(err, TRG_ENOTFOUND, "not_found",
                   "nobody has written another text than the draft of %s yet", t.ref);
  const struct trg_str old = guard_uncited(str_of(d.body), r->arena);
  const struct trg_str new = guard_uncited(str_of(other), r->arena);
  struct diff_run *runs = NULL;
  const size_t n = diff_words(old, new, r->arena, &runs);
  json *o = json_object();
  json_put_text(o, "ref", t.ref);
  json_put_text(o, "by", by);
  json_put_double(o, "distance", diff_distance(old, new));
  json_put(o, "runs", runs_json(runs, n));
  if (!out_document_print(o, c)) {
    runs_print(runs, n);
    printf("%.0f %% of the words changed, by %s\n", 100 * diff_distance(old, new), by);
  }
  json_free(&o);
  return 0;
}

static int diff_run_cmd(const struct cmd_call *c) {
  struct reading r;
  struct trg_err err = {0};
  int status = reading_open(c, &r);
  if (status != 0) return status;
  if (diff_print(c, &r, &err) < 0) status = cmd_fail(CMD_FAILED, "%s", err.text);
  reading_close(&r);
  return status;
}

static const struct cmd_option edit_options[] = {
    {"file", "FILE", "the reply as it should be; - for standard input", false},
    {NULL, NULL, NULL, false},
};

const struct cmd cmd_review_edit = {
    .name = "review edit",
    .args = "REF",
    .summary = "put another text in its place; approve sends it",
    .help = "Without --file the draft opens in $VISUAL or $EDITOR.",
    .options = edit_options,
    .run = edit_run,
};
const struct cmd cmd_review_diff = {
    .name = "review diff",
    .args = "REF",
    .summary = "what a person changed in the draft, word by word",
    .help = "Against the edited text, else against what was sent in the helpdesk instead.",
    .run = diff_run_cmd,
};
