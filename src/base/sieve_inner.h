/* The automaton of sieve.h before it is run: nodes that the patterns were read into (private). */
#ifndef BASE_SIEVE_INNER_H
#define BASE_SIEVE_INNER_H

#include "base/sieve.h"

/* Letters of the automaton: an ASCII character, any other one, and in front of the text. */
enum { SIEVE_HIGH = 128, SIEVE_BEFORE, SIEVE_LETTERS };

struct sieve_chars {
  uint64_t bits[3];
};

static inline bool sieve_has(const struct sieve_chars *c, unsigned letter) {
  return (c->bits[letter / 64] >> (letter % 64) & 1) != 0;
}

enum sieve_kind {
  SIEVE_JUMP,   /* to a */
  SIEVE_FORK,   /* to a and b */
  SIEVE_CHARS,  /* one of these leads to a */
  SIEVE_BEHIND, /* to a; at the beginning only behind one of these */
  SIEVE_ACCEPT
};

struct sieve_node {
  enum sieve_kind kind;
  uint32_t a, b;
  uint32_t chars; /* index */
  unsigned pattern;
};

struct sieve_nodes {
  struct sieve_node *node;
  size_t count, room;
  struct sieve_chars *chars;
  size_t chars_count, chars_room;
};

/* Reads one pattern into nodes; the node where it begins. */
uint32_t sieve_read(struct sieve_nodes *n, const char *pattern, unsigned number);

#endif
