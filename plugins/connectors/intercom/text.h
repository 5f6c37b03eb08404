/*
 * Text and memory for the Intercom connector: all of it is shared.
 */
#ifndef INTERCOM_TEXT_H
#define INTERCOM_TEXT_H

#include "../common/html.h"
#include "../common/http.h"

#endif
