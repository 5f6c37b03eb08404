/*
 * A price book: the rules by which facts become charges, read from one YAML file. Immutable; its
 * hash is kept with every charge.
 */
#ifndef BILLING_BOOK_H
#define BILLING_BOOK_H

#include <stdbool.h>
#include <stdint.h>
#include <triaged/plugin.h>

struct book; /* its shape is in book_rules.h, for fold and book.c alone */

/* Reads and checks; every problem is told (line and text), NULL when one was an error. */
struct book *book_load(const char *path,
                       void (*problem)(void *arg, uint32_t line, const char *key, const char *text),
                       void *arg);
struct book *
book_parse(struct trg_str text, const char *name,
           void (*problem)(void *arg, uint32_t line, const char *key, const char *text), void *arg);
struct book *book_builtin(void); /* "per-resolution": what config/books/per-resolution.yaml says */
void book_free(struct book **b);
const char *book_name(const struct book *b);
const char *book_hash(const struct book *b); /* hex */
const char *book_changer(const struct book *b,
                         size_t i);             /* whom `changed_by` names; NULL: no more */
const char *book_summary(const struct book *b); /* one sentence for the invoice */
bool book_wants_verdict(const struct book *b);  /* does some evidence need a judge? */

#endif
