/*
 * Changes of the rules (configuration, price book and skills together are one, known by a hash),
 * people's approvals of drafts, and what people confirmed of controls.
 */
#ifndef STORE_CHANGE_H
#define STORE_CHANGE_H

#include <stdbool.h>
#include <stdint.h>
#include <triaged/plugin.h>

struct store;
struct arena;

struct change {
  const char *hash, *conf_hash, *book_hash, *skills_hash;
  const char *requested_by, *request_why, *approved_by, *approve_why; /* "": not yet */
  int64_t seen_ms, requested_ms, approved_ms;
  bool emergency; /* by one person, in a hurry; to be approved by another */
};
/* These rules are in force from now on. Writes only what is new. */
int change_in_force(struct store *s, const struct change *c, int64_t now_ms, struct trg_err *err);
/* The one in force; TRG_ENOTFOUND. */
int change_now(struct store *s, struct arena *a, struct change *ret, struct trg_err *err);
/* `hash` may be shortened to 8 characters. TRG_ENOTFOUND, TRG_EINVAL when it is not one. */
int change_get(struct store *s, struct trg_str hash, struct arena *a, struct change *ret,
               struct trg_err *err);
/* Newest first. */
int change_list(struct store *s, int limit, struct arena *a, struct change **ret, size_t *ret_count,
                struct trg_err *err);
int change_request(struct store *s, const char *hash, const char *who, const char *why,
                   int64_t now_ms, struct trg_err *err);
int change_approve(struct store *s, const char *hash, const char *who, const char *why,
                   bool emergency, int64_t now_ms, struct trg_err *err);
/* Two people stand behind it. */
bool change_is_approved(const struct change *c);

/* One person's approval of a draft's text; *ret_people: how many different ones now, `author` (who
 * edited it; "" none) among them. *ret_again: this one had approved it before, or wrote it. */
int approval_add(struct store *s, int64_t draft_id, const char *text_hash, const char *who,
                 const char *author, int64_t now_ms, int64_t *ret_people, bool *ret_again,
                 struct trg_err *err);

struct confirmation {
  const char *control, *who, *text;
  int64_t at_ms, until_ms;
};
int confirmation_add(struct store *s, const struct confirmation *c, struct trg_err *err);
/* The newest of the control; TRG_ENOTFOUND. */
int confirmation_of(struct store *s, const char *control, struct arena *a, struct confirmation *ret,
                    struct trg_err *err);

#endif
