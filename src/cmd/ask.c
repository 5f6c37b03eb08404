/* Asking for changes: of the daemon, or of ourselves. */
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "admin/control.h"
#include "admin/train.h"
#include "base/err.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/pii.h"
#include "base/str.h"
#include "cmd/open.h"
#include "conf/conf.h"
#include "net/loop.h"
#include "net/sock.h"
#include "store/store.h"
#include "store/turn.h"

#define STATUS_TIMEOUT_MS 5000

const char *who_asks(void) {
  static char name[72];
  const char *sudo = getenv("SUDO_USER");
  if (geteuid() == 0 && sudo != NULL && sudo[0] != '\0') {
    snprintf(name, sizeof name, "%.64s", sudo);
    return name;
  }
  const struct passwd *p = getpwuid(getuid());
  if (p != NULL)
    snprintf(name, sizeof name, "%.64s", p->pw_name);
  else
    snprintf(name, sizeof name, "uid %u", (unsigned)getuid());
  return name;
}

json *ask_request(const char *what) {
  json *o = json_object();
  json_put_text(o, "do", what);
  json_put_text(o, "who", who_asks());
  return o;
}

int ask_open(const struct cmd_call *c, struct asking_side *ret) {
  struct reading r;
  *ret = (struct asking_side){0};
  int status = reading_conf(c, &r);
  if (status != 0) return status;
  ret->state = mem_dup(r.conf->state);
  reading_close(&r);
  ret->daemon = store_locked(ret->state);
  if (!ret->daemon) {
    status = core_open(c->conf_path, &ret->core);
    log_init(TRG_WARN, LOG_TEXT, NULL);
  }
  if (status != 0) {
    mem_free(ret->state);
    ret->state = NULL;
  }
  return status;
}

void ask_close(struct asking_side *s) {
  if (!s->daemon) core_close(&s->core);
  mem_free(s->state);
  s->state = NULL;
}

/* A line that tells how far the daemon is; anything else is the answer. */
static bool side_told(void *arg, struct trg_str line) {
  struct asking_side *s = arg;
  if (!str_starts(line, "{\"told\":")) return false;
  json *o = json_parse(line, 0, NULL);
  const json *told = json_get(o, "told");
  s->done = (size_t)json_get_int(told, "done", 0);
  s->total = (size_t)json_get_int(told, "total", 0);
  json_free(&o);
  return true;
}

/* side: NULL, or who hears how far the daemon is. */
static int daemon_send(const char *state, struct trg_str line, int64_t timeout_ms,
                       struct asking_side *side, char **ret_answer, struct trg_err *err) {
  char *path = file_join(state, "control.sock");
  int rc = sock_ask_told(path, line, timeout_ms, side != NULL ? side_told : NULL, side, ret_answer,
                         err);
  if (rc == TRG_ENOTFOUND)
    rc = err_set(err, TRG_ESTATE, "busy",
                 "another program holds %s but does not answer on %s: it is starting or stopping, "
                 "or another triagectl is at work; try again in a moment",
                 state, path);
  mem_free(path);
  return rc;
}

/* --- without a daemon ---------------------------------------------------------------------- */

#define LOOK_EVERY_MS 200

struct own {
  struct loop *loop;
  char *answer;
};

static void own_look(void *arg) {
  struct asking_side *s = arg;
  int64_t done = 0, total = 0;
  train_progress(&s->core, &done, &total);
  s->done = (size_t)done;
  s->total = (size_t)total;
}

bool ask_progress(void *side, size_t *ret_done, size_t *ret_total) {
  struct asking_side *s = side;
  struct trg_err err = {0};
  if (!s->daemon) {
    *ret_done = s->done;
    *ret_total = s->total;
    return true;
  }
  json *answer = ask_daemon(s->state, "progress", &err);
  if (answer == NULL) return false;
  *ret_done = (size_t)json_get_int(answer, "done", 0);
  *ret_total = (size_t)json_get_int(answer, "total", 0);
  json_free(&answer);
  return true;
}

bool ask_told(void *side, size_t *ret_done, size_t *ret_total) {
  const struct asking_side *s = side;
  *ret_done = s->done;
  *ret_total = s->total;
  return true;
}

static void own_answer(void *arg, struct trg_str answer) {
  struct own *o = arg;
  o->answer = mem_dup_str(answer);
  loop_stop(o->loop);
}

static int own_send(struct asking_side *s, struct trg_str line, char **ret_answer,
                    struct trg_err *err) {
  struct own o = {.loop = s->core.loop};
  const loop_timer look = loop_timer_start(o.loop, LOOK_EVERY_MS, LOOK_EVERY_MS, own_look, s);
  control_do(&s->core, line, own_answer, NULL, &o);
  loop_run(s->core.loop);
  loop_timer_stop(o.loop, look);
  const int rc = turn_flush(s->core.store, err);
  if (rc >= 0 && o.answer == NULL)
    return err_set(err, TRG_ESTATE, "no_answer", "it was interrupted before there was an answer");
  if (rc < 0)
    mem_free(o.answer);
  else
    *ret_answer = o.answer;
  return rc;
}

int ask_send(struct asking_side *s, json *request, int64_t timeout_ms, json **ret_answer,
             struct trg_err *err) {
  char *line = json_text(request), *text = NULL;
  json_free(&request);
  int rc = s->daemon ? daemon_send(s->state, str_of(line), timeout_ms, s, &text, err)
                     : own_send(s, str_of(line), &text, err);
  mem_free(line);
  if (rc < 0) return rc;
  json *answer = json_parse(str_of(text), 0, err);
  mem_free(text);
  if (answer == NULL)
    return err_set(err, TRG_ECORRUPT, "malformed",
                   "the daemon's answer could not be understood: is "
                   "it of another version?");
  if (!json_get_bool(answer, "ok", false)) {
    const struct trg_str why = json_get_str(answer, "error"), code = json_get_str(answer, "code");
    char word[32];
    snprintf(word, sizeof word, "%.*s", (int)code.n, code.p != NULL ? code.p : "");
    rc = err_set(err, TRG_ESTATE, word[0] != '\0' ? word : "refused", "%.*s",
                 why.n > 0 ? (int)why.n : 7, why.n > 0 ? why.p : "refused");
    json_free(&answer);
    return rc;
  }
  *ret_answer = answer;
  return 0;
}

int ask_once(const struct cmd_call *c, json *request, int64_t timeout_ms, json **ret_answer) {
  struct asking_side s;
  struct trg_err err = {0};
  json *answer = NULL;
  int status = ask_open(c, &s);
  if (status != 0) {
    json_free(&request);
    return status;
  }
  if (ask_send(&s, request, timeout_ms, &answer, &err) < 0)
    status = cmd_fail(CMD_FAILED, "%s", err.text);
  ask_close(&s);
  if (status == 0 && ret_answer != NULL)
    *ret_answer = answer;
  else
    json_free(&answer);
  return status;
}

int ask_note(const struct cmd_call *c, const char *what, const char *object) {
  struct reading r;
  const int status = reading_conf(c, &r);
  if (status != 0) return status;
  const bool wanted = (r.conf->pii_profiles & PII_PROFILE_HIPAA) != 0;
  reading_close(&r);
  if (!wanted) return CMD_OK;
  json *request = ask_request("note");
  json_put_text(request, "what", what);
  json_put_text(request, "object", object);
  return ask_once(c, request, STATUS_TIMEOUT_MS, NULL);
}

json *ask_daemon(const char *state, const char *what, struct trg_err *err) {
  json *request = ask_request(what);
  char *line = json_text(request), *text = NULL;
  json *answer = NULL;
  if (daemon_send(state, str_of(line), STATUS_TIMEOUT_MS, NULL, &text, err) >= 0)
    answer = json_parse(str_of(text), 0, err);
  mem_free(text);
  mem_free(line);
  json_free(&request);
  return answer;
}
