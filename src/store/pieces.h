/*
 * Private to this room: the memory that SQLite asks for. Small pieces go back to a short list of
 * their size, one set of lists a thread, and are given again from there.
 */
#ifndef STORE_PIECES_H
#define STORE_PIECES_H

/* Before SQLite is used for the first time; refused by it, without harm, later. */
void pieces_use(void);

#endif
