/*
 * The text of the built-in price book, the same bytes as config/books/per-resolution.yaml.
 */
#ifndef BILLING_BOOK_BUILTIN_H
#define BILLING_BOOK_BUILTIN_H

extern const char book_builtin_text[];

#endif
