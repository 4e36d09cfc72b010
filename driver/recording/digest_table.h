/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which content was seen before: SHA-256 digests numbered in the order they came. */
#ifndef OAC_DRIVER_RECORDING_DIGEST_TABLE_H
#define OAC_DRIVER_RECORDING_DIGEST_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "hal/stream.h"

struct oac_digest_table {  /* zeroed: empty */
    size_t count, room;    /* room: a power of two, or 0 */
    uint8_t (*digest)[32]; /* (room / 2) in order of number */
    uint32_t *bucket;      /* (room) number + 1, 0: free */
};

/* Its number, new when *fresh. */
enum oac_status oac_digest_table_add(struct oac_digest_table *table, const uint8_t digest[32],
                                     uint32_t *number, bool *fresh,
                                     struct oac_err *err) OAC_MUST_USE;
bool oac_digest_table_find(const struct oac_digest_table *table, const uint8_t digest[32],
                           uint32_t *number);
void oac_digest_table_fini(struct oac_digest_table *table);

/* Of what is played: equal digests, equal requests. */
enum oac_status oac_digest_load(const struct oac_stream_load *load, size_t samples_per_slot,
                                uint8_t digest[32], struct oac_err *err) OAC_MUST_USE;
enum oac_status oac_digest_client(const uint16_t *client, size_t samples, uint8_t digest[32],
                                  struct oac_err *err) OAC_MUST_USE;
enum oac_status oac_digest_capture(const struct oac_stream_capture *capture, size_t rows,
                                   uint8_t digest[32], struct oac_err *err) OAC_MUST_USE;
enum oac_status oac_digest_settings(const double *value, size_t count, uint8_t digest[32],
                                    struct oac_err *err) OAC_MUST_USE;

#endif
