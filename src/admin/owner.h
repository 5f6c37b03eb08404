/*
 * Whose the files of the state folder are. The service has a user of its own; what root makes
 * there, by triagectl without a daemon or by the daemon started by hand, must stay usable to it.
 */
#ifndef ADMIN_OWNER_H
#define ADMIN_OWNER_H

/* Gives root's files of the folder to the folder's owner. Nothing when somebody else runs this, or
 * the folder is root's too. Files with more than one name, links and folders are left alone. A file
 * that cannot be given is told in the log. */
void owner_give_back(const char *state);

#endif
