/* The action that sends a mail. What it sent cannot be taken back. */
#include "salesforce.h"
#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAILS_A_DAY = 5000, RECIPIENTS_OLD = 5, RECIPIENTS_NEW = 150, VERSION_MORE_RECIPIENTS = 64 };

struct mail {
  const cJSON *in;
  const char *to, *subject, *body, *related;
  bool rich, logged;
  const char *code, *why; /* of the mistake */
  bool malformed;         /* the call is wrong, not the sending */
};

static const char *text_of(const cJSON *in, const char *name) {
  return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(in, name));
}

/* Booleans may come as text. */
static bool truth_of(const cJSON *in, const char *name) {
  const cJSON *v = cJSON_GetObjectItemCaseSensitive(in, name);
  return cJSON_IsTrue(v) || (cJSON_IsString(v) && strcasecmp(v->valuestring, "true") == 0);
}

static bool mistake(struct mail *m, const char *code, const char *why, bool malformed) {
  m->code = code;
  m->why = why;
  m->malformed = malformed;
  return false;
}

static bool inputs_known(struct mail *m) {
  static const char known[] =
      " emailAddresses emailAddressesArray recipientAddresses ccRecipientAddressesArray "
      "bccRecipientAddressesArray ccRecipientAddressCollection emailSubject emailBody sendRichBody "
      "relatedRecordId logEmailOnSend senderType senderAddress addThreadingTokenToBody "
      "addThreadingTokenToSubject emailTemplateId recipientId useLineBreaks composeEmailContent ";
  const cJSON *item = NULL;
  cJSON_ArrayForEach(item, m->in) {
    char name[100];
    snprintf(name, sizeof name, " %s ", item->string);
    if (strstr(known, name) == NULL) {
      return mistake(m, "INVALID_API_INPUT", "An input parameter is not known to this action.",
                     true);
    }
  }
  return true;
}

static bool recipients_check(const struct exchange *x, struct mail *m) {
  bool more = sf_version(x) >= VERSION_MORE_RECIPIENTS;
  size_t count = 1;
  for (const char *at = m->to; *at; at++) {
    count += *at == ',';
  }
  if (strchr(m->to, '@') == NULL || text_starts(m->to, "bad") || strchr(m->to, ' ')) {
    return mistake(m, "INVALID_EMAIL_ADDRESS", "Email address is invalid.", false);
  }
  if (count > (more ? RECIPIENTS_NEW : RECIPIENTS_OLD)) {
    return mistake(m, "LIMIT_EXCEEDED", "Too many recipients.", false);
  }
  return true;
}

static bool mail_read(struct exchange *x, struct mail *m) {
  const struct salesforce *sf = x->state;
  const char *sender = text_of(m->in, "senderType");
  const char *address = text_of(m->in, "senderAddress");
  m->to = text_of(m->in, "emailAddresses");
  m->to = m->to ? m->to : text_of(m->in, "recipientAddresses");
  m->subject = text_of(m->in, "emailSubject");
  m->body = text_of(m->in, "emailBody");
  m->related = text_of(m->in, "relatedRecordId");
  m->rich = truth_of(m->in, "sendRichBody");
  m->logged = truth_of(m->in, "logEmailOnSend") && m->related;
  if (!inputs_known(m)) {
    return false;
  }
  if (m->to == NULL || m->subject == NULL || m->body == NULL) {
    return mistake(m, "INVALID_API_INPUT",
                   m->to == NULL        ? "Missing required input parameter: emailAddresses"
                   : m->subject == NULL ? "Missing required input parameter: emailSubject"
                                        : "Missing required input parameter: emailBody",
                   true);
  }
  if (sender && strcmp(sender, "OrgWideEmailAddress") == 0 &&
      (address == NULL || text_starts(address, "bad"))) {
    return mistake(m, "INVALID_SENDER", "senderAddress is no organization-wide address.", false);
  }
  if (x->sim->opt.rate_limits && sf->mails >= MAILS_A_DAY) {
    return mistake(m, "SINGLE_EMAIL_LIMIT_EXCEEDED",
                   "The daily limit for single emails is reached.", false);
  }
  return recipients_check(x, m);
}

static void mail_send(struct exchange *x, struct ticket *t, const struct mail *m) {
  struct salesforce *sf = x->state;
  struct store *store = &x->sim->store;
  struct buf plain = {0};
  struct edit e;
  unsigned kind = m->logged ? MAIL_OUT : MAIL_UNLOGGED;
  kind |= truth_of(m->in, "addThreadingTokenToBody") ? TOKEN_IN_BODY : 0;
  kind |= truth_of(m->in, "addThreadingTokenToSubject") ? TOKEN_IN_SUBJECT : 0;
  sf->mails++;
  if (t == NULL) {
    return; /* sent, and nothing here knows about it */
  }
  if (m->rich) {
    text_from_html(&plain, m->body);
  }
  if (t->status == STATUS_CLOSED) {
    stats_after_close(x->sim, sf_desk(x), t);
  }
  edit_begin(&e, store, sf_desk(x), t, x->user, ENTRY_API);
  edit_message(&e, m->rich ? buf_text(&plain) : m->body, m->rich ? m->body : NULL, true);
  map_put(&sf->kinds, store->next_id + 1, kind);
  const struct entry *entry = edit_commit(&e);
  map_put(&sf->subjects, entry->message_id, (uint64_t)(uintptr_t)store_word(store, m->subject));
  stats_update(x->sim, sf_desk(x), t, entry);
  buf_free(&plain);
}

static void result_write(struct buf *b, const struct mail *m) {
  jw_open(b, '{');
  jw_kstr(b, "actionName", "emailSimple");
  if (m->code) {
    jw_kopen(b, "errors", '[');
    jw_open(b, '{');
    jw_kstr(b, "statusCode", m->code);
    jw_kstr(b, "message", m->why);
    jw_kraw(b, "fields", "[]");
    jw_close(b, '}');
    jw_close(b, ']');
  } else {
    jw_kraw(b, "errors", "null");
  }
  jw_kbool(b, "isSuccess", m->code == NULL);
  jw_kraw(b, "outputValues", "null");
  jw_close(b, '}');
}

void sf_call_mail(struct sf_call *c) {
  const cJSON *inputs = cJSON_GetObjectItemCaseSensitive(c->body, "inputs");
  const cJSON *in = NULL;
  if (c->part || !cJSON_IsArray(inputs) || cJSON_GetArraySize(inputs) == 0) {
    sf_error(c, 400, "INVALID_API_INPUT", NULL, "The request needs a list of inputs");
    return;
  }
  c->status = 200;
  jw_open(&c->out, '[');
  cJSON_ArrayForEach(in, inputs) {
    struct mail m = {.in = in};
    uint64_t number = 0;
    struct ticket *t = NULL;
    if (mail_read(c->x, &m) && m.related) {
      t = sf_id_parse(m.related, "500", &number) ? ticket_get(sf_desk(c->x), number) : NULL;
      if (t == NULL || sf_case_deleted(t)) {
        mistake(&m, "INVALID_CROSS_REFERENCE_KEY", "relatedRecordId is no record to log on.",
                false);
      }
    }
    if (m.code == NULL) {
      mail_send(c->x, t, &m);
    }
    c->status = m.malformed ? 400 : c->status;
    result_write(&c->out, &m);
  }
  jw_close(&c->out, ']');
}
