/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "driver/recording/digest_table.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/digest.h"

#define ROOM_LEAST 64u
#define COUNT_MAX  0x7fffffffu

static size_t place(const struct oac_digest_table *table, const uint8_t digest[32])
{
    uint64_t start;
    memcpy(&start, digest, sizeof start);
    size_t at = (size_t)start & (table->room - 1);
    while (table->bucket[at] && memcmp(table->digest[table->bucket[at] - 1], digest, 32) != 0)
        at = (at + 1) & (table->room - 1);
    return at;
}

/* At most half full, so that looking up stays short. */
static enum oac_status grow(struct oac_digest_table *table, struct oac_err *err)
{
    struct oac_digest_table more = {.count = table->count};
    more.room = table->room ? 2 * table->room : ROOM_LEAST;
    if (table->count >= COUNT_MAX)
        return oac_fail(err, OAC_ENOMEM, "more than %u different requests in one recording",
                        COUNT_MAX);
    more.digest = oac_alloc(more.room / 2, sizeof *more.digest, "digests", err);
    more.bucket =
        more.digest ? oac_alloc(more.room, sizeof *more.bucket, "digests", err) : NULL;
    if (!more.bucket) {
        free(more.digest);
        return OAC_ENOMEM;
    }
    for (size_t i = 0; i < table->count; i++) {
        memcpy(more.digest[i], table->digest[i], 32);
        more.bucket[place(&more, more.digest[i])] = (uint32_t)i + 1;
    }
    oac_digest_table_fini(table);
    *table = more;
    return OAC_OK;
}

enum oac_status oac_digest_table_add(struct oac_digest_table *table, const uint8_t digest[32],
                                     uint32_t *number, bool *fresh, struct oac_err *err)
{
    *fresh = !oac_digest_table_find(table, digest, number);
    if (!*fresh)
        return OAC_OK;
    if (2 * table->count >= table->room && grow(table, err))
        return err->status;
    *number = (uint32_t)table->count;
    memcpy(table->digest[table->count], digest, 32);
    table->bucket[place(table, digest)] = (uint32_t)++table->count;
    return OAC_OK;
}

bool oac_digest_table_find(const struct oac_digest_table *table, const uint8_t digest[32],
                           uint32_t *number)
{
    if (table->count == 0)
        return false;
    const uint32_t found = table->bucket[place(table, digest)];
    if (found)
        *number = found - 1;
    return found != 0;
}

void oac_digest_table_fini(struct oac_digest_table *table)
{
    free(table->digest);
    free(table->bucket);
    *table = (struct oac_digest_table){0};
}

enum oac_status oac_digest_load(const struct oac_stream_load *load, size_t samples_per_slot,
                                uint8_t digest[32], struct oac_err *err)
{
    const uint64_t shape[] = {load->slots, load->rows, load->first, load->count,
                              load->differential};
    struct oac_digest *sum;
    if (oac_digest_create(&sum, err))
        return err->status;
    oac_digest_update(sum, shape, sizeof shape);
    oac_digest_update(sum, load->weight,
                      load->rows * load->slots * samples_per_slot * sizeof *load->weight);
    oac_digest_finish(sum, digest);
    return OAC_OK;
}

enum oac_status oac_digest_client(const uint16_t *client, size_t samples, uint8_t digest[32],
                                  struct oac_err *err)
{
    return oac_digest_memory(client, samples * sizeof *client, digest, err);
}

enum oac_status oac_digest_capture(const struct oac_stream_capture *capture, size_t rows,
                                   uint8_t digest[32], struct oac_err *err)
{
    const bool gated = capture->gate_open_s != NULL;
    const uint64_t shape[] = {gated ? rows : 0, capture->picks};
    struct oac_digest *sum;
    if (oac_digest_create(&sum, err))
        return err->status;
    oac_digest_update(sum, shape, sizeof shape);
    if (gated) {
        oac_digest_update(sum, capture->gate_open_s, rows * sizeof(double));
        oac_digest_update(sum, capture->gate_close_s, rows * sizeof(double));
    }
    oac_digest_update(sum, capture->pick, capture->picks * sizeof *capture->pick);
    oac_digest_finish(sum, digest);
    return OAC_OK;
}

enum oac_status oac_digest_settings(const double *value, size_t count, uint8_t digest[32],
                                    struct oac_err *err)
{
    return oac_digest_memory(value, count * sizeof *value, digest, err);
}
