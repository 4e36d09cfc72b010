/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SHA-256 of memory and files. Fenced here: libcrypto. */
#ifndef OAC_BASE_DIGEST_H
#define OAC_BASE_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

#define OAC_DIGEST_HEX_BYTES 65u /* 64 digits and the NUL */

struct oac_digest; /* an ongoing hash */

enum oac_status oac_digest_create(struct oac_digest **digest, struct oac_err *err) OAC_MUST_USE;
void oac_digest_update(struct oac_digest *digest, const void *data, size_t bytes);
void oac_digest_finish(struct oac_digest *digest, uint8_t sum[32]); /* and frees it */

enum oac_status oac_digest_memory(const void *data, size_t bytes, uint8_t sum[32],
                                  struct oac_err *err) OAC_MUST_USE;
enum oac_status oac_digest_file(const char *path, uint8_t sum[32],
                                struct oac_err *err) OAC_MUST_USE;

void oac_digest_hex(const uint8_t sum[32], char hex[OAC_DIGEST_HEX_BYTES]);

#endif
