/* What a request wants of a ticket, applied. The vendor's traps are here: inherited visibility,
 * placeholders, silent truncation, tags that replace, dropdowns that are tags too. */
#include "text.h"
#include "zendesk_write.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { COMMENT_MAX_BYTES = 65535 };

uint64_t wish_id(const cJSON *v) {
  if (cJSON_IsNumber(v) && v->valuedouble >= 1 && v->valuedouble < 9007199254740992.0) {
    return (uint64_t)v->valuedouble;
  }
  return cJSON_IsString(v) ? strtoull(v->valuestring, NULL, 10) : 0;
}

int wish_status(const cJSON *in, int otherwise) {
  const cJSON *custom = cJSON_GetObjectItemCaseSensitive(in, "custom_status_id");
  const cJSON *status = cJSON_GetObjectItemCaseSensitive(in, "status");
  if (custom && wish_id(custom)) {
    return zendesk_custom_status_find((int64_t)wish_id(custom));
  }
  return cJSON_IsString(status) ? status_parse(status->valuestring) : otherwise;
}

struct placeholder {
  struct exchange *x;
  const struct ticket *t;
};

static void placeholder_value(void *subject, const char *name, struct buf *out) {
  struct placeholder *p = subject;
  const struct person *requester = person_get(&p->x->sim->store, p->t->requester);
  const struct person *self = person_get(&p->x->sim->store, p->x->user);
  const char *who = requester ? requester->name : "";
  if (strcmp(name, "ticket.id") == 0) {
    buf_printf(out, "%llu", (unsigned long long)p->t->number);
  } else if (strcmp(name, "ticket.title") == 0) {
    buf_str(out, p->t->subject);
  } else if (strcmp(name, "ticket.status") == 0) {
    buf_str(out, status_name(p->t->status));
  } else if (strcmp(name, "ticket.requester.name") == 0) {
    buf_str(out, who);
  } else if (strcmp(name, "ticket.requester.first_name") == 0) {
    buf_add(out, who, strcspn(who, " "));
  } else if (strcmp(name, "ticket.requester.email") == 0) {
    buf_str(out, requester ? requester->email : "");
  } else if (strcmp(name, "current_user.name") == 0) {
    buf_str(out, self ? self->name : "");
  } /* unknown ones become nothing, as in the original */
}

/* Expanded, cut at 64 kB without a word, and for plain bodies squeezed. */
static void comment_text(struct exchange *x, const struct ticket *t, const char *raw, bool html,
                         struct buf *out) {
  struct placeholder p = {x, t};
  struct buf expanded = {0};
  x->sim->stats.placeholders += text_expand(&expanded, raw, placeholder_value, &p);
  if (html) {
    buf_str(out, buf_text(&expanded));
  } else {
    text_squeeze(out, buf_text(&expanded));
  }
  buf_free(&expanded);
  x->sim->stats.too_long += out->n > COMMENT_MAX_BYTES;
  out->n = utf8_cut(buf_text(out), COMMENT_MAX_BYTES);
  buf_text(out);
}

static void edit_comment(struct edit *e, struct exchange *x, const cJSON *comment) {
  const cJSON *html = cJSON_GetObjectItemCaseSensitive(comment, "html_body");
  const cJSON *body = cJSON_GetObjectItemCaseSensitive(comment, "body");
  const cJSON *is_public = cJSON_GetObjectItemCaseSensitive(comment, "public");
  const cJSON *author = cJSON_GetObjectItemCaseSensitive(comment, "author_id");
  bool as_html = cJSON_IsString(html) && *html->valuestring;
  if (!as_html && !(cJSON_IsString(body) && *body->valuestring)) {
    return;
  }
  const struct ticket *t = e->ticket;
  struct buf text = {0};
  struct buf plain = {0};
  comment_text(x, t, as_html ? html->valuestring : body->valuestring, as_html, &text);
  if (as_html) {
    text_from_html(&plain, buf_text(&text));
  }
  /* not said: as the ticket's first comment was, which surprises people */
  bool shown = cJSON_IsBool(is_public) ? cJSON_IsTrue(is_public)
                                       : t->message_count == 0 || t->first_public;
  edit_message(e, as_html ? buf_text(&plain) : buf_text(&text), as_html ? buf_text(&text) : NULL,
               shown);
  if (author) {
    e->entry.author = wish_id(author);
  }
  buf_free(&text);
  buf_free(&plain);
}

static void tag_put(struct buf *b, const char *text, size_t n) {
  for (size_t i = 0; i < n; i++) {
    buf_char(b, (char)tolower((unsigned char)text[i]));
  }
  buf_text(b);
}

void tags_read(const cJSON *in, struct tags *ret_tags) {
  const cJSON *item = cJSON_IsArray(in) ? in->child : in;
  ret_tags->n = 0;
  for (; item; item = cJSON_IsArray(in) ? item->next : NULL) {
    for (const char *at = cJSON_IsString(item) ? item->valuestring : ""; *at;) {
      at += strspn(at, " ");
      size_t n = strcspn(at, " ");
      if (n && ret_tags->n < sizeof ret_tags->list / sizeof ret_tags->list[0]) {
        struct buf b = {0};
        tag_put(&b, at, n);
        ret_tags->list[ret_tags->n++] = buf_take(&b);
      }
      at += n;
    }
  }
}

void tags_free(struct tags *tags) {
  for (size_t i = 0; i < tags->n; i++) {
    free(tags->list[i]);
  }
}

static void edit_field(struct edit *e, const cJSON *id_item, const cJSON *value) {
  uint64_t id = wish_id(id_item);
  const struct zendesk_field *f = zendesk_field(id);
  char key[32];
  if (f == NULL || value == NULL) {
    return;
  }
  snprintf(key, sizeof key, "%llu", (unsigned long long)id);
  if (strcmp(f->type, "tagger") == 0) {
    /* a dropdown's value is a tag of the ticket too */
    const char *before = ticket_attr(e->ticket, key);
    cJSON *old = before ? cJSON_Parse(before) : NULL;
    if (cJSON_IsString(old)) {
      edit_tag_remove(e, old->valuestring);
    }
    cJSON_Delete(old);
    if (cJSON_IsString(value)) {
      edit_tag_add(e, value->valuestring);
    }
  }
  char *json = cJSON_PrintUnformatted(value);
  edit_attr(e, key, json);
  cJSON_free(json);
}

static void edit_fields(struct edit *e, const cJSON *in) {
  const cJSON *item = NULL;
  const cJSON *fields = cJSON_GetObjectItemCaseSensitive(in, "custom_fields");
  cJSON_ArrayForEach(item, fields) {
    edit_field(e, cJSON_GetObjectItemCaseSensitive(item, "id"),
               cJSON_GetObjectItemCaseSensitive(item, "value"));
  }
  const cJSON *tags = cJSON_GetObjectItemCaseSensitive(in, "tags");
  if (tags) {
    struct tags wanted;
    tags_read(tags, &wanted);
    edit_tags(e, (const char *const *)wanted.list, wanted.n);
    /* a dropdown that is set keeps its tag: the vendor syncs the two */
    cJSON_ArrayForEach(item, fields) {
      const cJSON *value = cJSON_GetObjectItemCaseSensitive(item, "value");
      const struct zendesk_field *f = zendesk_field(
          wish_id(cJSON_GetObjectItemCaseSensitive(item, "id")));
      if (f && strcmp(f->type, "tagger") == 0 && cJSON_IsString(value)) {
        edit_tag_add(e, value->valuestring);
      }
    }
    tags_free(&wanted);
  }
}

static void edit_words(struct edit *e, const cJSON *in) {
  const cJSON *priority = cJSON_GetObjectItemCaseSensitive(in, "priority");
  const cJSON *type = cJSON_GetObjectItemCaseSensitive(in, "type");
  const cJSON *subject = cJSON_GetObjectItemCaseSensitive(in, "subject");
  const cJSON *group = cJSON_GetObjectItemCaseSensitive(in, "group_id");
  const cJSON *assignee = cJSON_GetObjectItemCaseSensitive(in, "assignee_id");
  if (priority) {
    edit_priority(e, cJSON_IsString(priority) ? priority->valuestring : NULL);
  }
  if (type) {
    edit_type(e, cJSON_IsString(type) ? type->valuestring : NULL);
  }
  if (cJSON_IsString(subject)) {
    edit_subject(e, subject->valuestring);
  }
  if (group) {
    edit_group(e, wish_id(group));
  }
  if (assignee) {
    edit_assignee(e, wish_id(assignee));
  }
}

struct entry *wish_apply(struct exchange *x, struct ticket *t, const cJSON *in, unsigned flags) {
  struct edit e;
  edit_begin(&e, &x->sim->store, zendesk_desk(x), t, x->user, ENTRY_API | flags);
  edit_comment(&e, x, cJSON_GetObjectItemCaseSensitive(in, "comment"));
  edit_words(&e, in);
  edit_fields(&e, in);
  int status = wish_status(in, (int)t->status);
  if (status == STATUS_SOLVED && t->status != STATUS_SOLVED) {
    if (t->assignee == 0) {
      edit_assignee(&e, x->user);
    }
    if (t->group == 0) {
      edit_group(&e, zendesk_default_group());
    }
  }
  edit_status(&e, (enum status)status);
  const cJSON *metadata = cJSON_GetObjectItemCaseSensitive(in, "metadata");
  if (cJSON_IsObject(metadata)) {
    char *json = cJSON_PrintUnformatted(metadata);
    edit_metadata(&e, json);
    cJSON_free(json);
  }
  if (e.entry.change_count == 0 && !(e.entry.flags & ENTRY_MESSAGE)) {
    stats_update(x->sim, zendesk_desk(x), t, NULL);
    return NULL;
  }
  struct entry *entry = edit_commit(&e);
  stats_update(x->sim, zendesk_desk(x), t, entry);
  return entry;
}
