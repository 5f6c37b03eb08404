/*
 * Errors: functions that can fail return 0 or a negative TRG_E..., and fill the caller's
 * struct trg_err, whose text says what happened, where, and what to do.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <triaged/plugin.h>

enum {
  TRG_OK = 0,
  TRG_EINVAL = -1,    /* the input is wrong */
  TRG_EIO = -2,       /* the system said no: disk, network, permission */
  TRG_ENOTFOUND = -3, /* it is not there */
  TRG_ELIMIT = -4,    /* too large, too deep, too many */
  TRG_ESTATE = -5,    /* not possible now */
  TRG_ECORRUPT = -6   /* what was stored cannot be believed */
};

/* Fills err (which may be NULL) and returns `status`, so that a caller can return it at once. */
int err_set(struct trg_err *err, int status, const char *code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* The same for a place in a file. */
int err_at(struct trg_err *err, int status, const char *code, uint32_t line, const char *format,
           ...) __attribute__((format(printf, 5, 6)));
/* Puts "prefix: " before the text that is there. */
void err_prefix(struct trg_err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
