/*
 * The write-ahead log as SQLite writes it: two system calls a page, some fifty a ticket. This
 * virtual file system gathers them, so that a commit's pages go to the kernel together, before the
 * commit is shown to readers. Everything else is done by SQLite's own file system. Private to this
 * room.
 *
 * What SQLite's log promises and this needs (https://sqlite.org/walformat.html): pages follow each
 * other, each behind a head of 24 bytes, and the head of a commit's last page holds the number of
 * pages of the database, which is 0 in any other.
 */
#ifndef STORE_WAL_FILE_H
#define STORE_WAL_FILE_H

/* The name for sqlite3_open_v2 of who writes; NULL, SQLite's own, when it cannot be had. Threads:
 * the first call is made before there are others. */
const char *wal_file_system(void);

#endif
