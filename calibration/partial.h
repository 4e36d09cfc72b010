/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a bench answered so far, on disk, so that an interrupted calibration goes on where it was.
 *
 * Procedures are functions of their options and of what the bench answers. So none of their state is kept:
 * the same program runs again from its beginning, and as far as the file reaches it gets the answers from
 * there; settings are made on the bench all the same. Nothing is measured twice, and a look at images that
 * was taken stays taken.
 *
 * File: "oac-partial 1\n", 32 bytes of key, 32 bytes SHA-256 of the rest, the answers as they lie in memory
 * (it is read by the program that wrote it and removed at the end). Written whole or not at all
 * (base/file.h). */
#ifndef OAC_CALIBRATION_PARTIAL_H
#define OAC_CALIBRATION_PARTIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "hal/link.h"

struct oac_partial;

/* key: digest of everything the answers depend on. Status: OAC_EMISMATCH when there is a file of another key
 * or one that is damaged. */
enum oac_status oac_partial_open(const char *path, const uint8_t key[32],
                                 struct oac_partial **partial,
                                 struct oac_err *err) OAC_MUST_USE;
void oac_partial_close(struct oac_partial *partial); /* the file stays; NULL is fine */

bool oac_partial_replays(const struct oac_partial *partial); /* answers are left */
/* The next answer, of exactly so many bytes; OAC_EMISMATCH when the file holds another one there. */
enum oac_status oac_partial_take(struct oac_partial *partial, void *data, size_t bytes,
                                 struct oac_err *err) OAC_MUST_USE;
enum oac_status oac_partial_put(struct oac_partial *partial, const void *data, size_t bytes,
                                struct oac_err *err) OAC_MUST_USE;
/* Writes the file, unless nothing is new. */
enum oac_status oac_partial_save(struct oac_partial *partial, struct oac_err *err) OAC_MUST_USE;
const char *oac_partial_path(const struct oac_partial *partial);
bool oac_partial_saved(
    const struct oac_partial *partial);               /* there is something to continue from */
void oac_partial_remove(struct oac_partial *partial); /* the file; a missing one is fine */

/* A link that asks the file first. `below` must outlive it and is not closed with it. Its account is that
 * of what is played through it, replayed windows included; *replayed is the part of it that the bench did
 * not play now. */
enum oac_status oac_partial_link_open(struct oac_partial *partial, struct oac_link *below,
                                      struct oac_account *replayed, struct oac_link *link,
                                      struct oac_err *err) OAC_MUST_USE;

/* sum += a - b, a and b of one link. */
void oac_account_add(struct oac_account *sum, const struct oac_account *a,
                     const struct oac_account *b);

#endif
