/* The sentences a draft is framed with, in the languages that have them. */
#ifndef TRIAGED_LOCAL_WORDING_H
#define TRIAGED_LOCAL_WORDING_H

struct local_wording {
  const char *code;
  const char *greeting, *signoff;
  const char *source;   /* says that what precedes was put together from the knowledge base */
  const char *foreign;  /* the same, when the articles are in another language */
  const char *missing;  /* asks for what is missing; ends before the list */
  const char *handover; /* claims nothing */
};

/* English when there is none for the code. */
const struct local_wording *local_wording_of(const char *code);

#endif
