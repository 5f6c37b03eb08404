/*
 * Salesforce's documents, both ways. Pure: bytes in, bytes out; no host calls and no clock, so
 * that all of it can be tested on fixtures and fuzzed.
 */
#ifndef SALESFORCE_WIRE_H
#define SALESFORCE_WIRE_H

#include "json.h"
#include "wire_query.h"
#include "wire_read.h"
#include "wire_reply.h"
#include "wire_write.h"

#endif
