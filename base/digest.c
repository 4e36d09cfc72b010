/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/digest.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"

#define CHUNK_BYTES 65536u

struct oac_digest {
    EVP_MD_CTX *context;
};

enum oac_status oac_digest_create(struct oac_digest **digest, struct oac_err *err)
{
    struct oac_digest *made = oac_alloc(1, sizeof *made, "SHA-256", err);
    if (!made)
        return OAC_ENOMEM;
    made->context = EVP_MD_CTX_new();
    if (!made->context || EVP_DigestInit_ex(made->context, EVP_sha256(), NULL) != 1) {
        EVP_MD_CTX_free(made->context);
        free(made);
        return oac_fail(err, OAC_EUNSUPPORTED,
                        "SHA-256: libcrypto refuses it; check its configuration");
    }
    *digest = made;
    return OAC_OK;
}

void oac_digest_update(struct oac_digest *digest, const void *data, size_t bytes)
{
    EVP_DigestUpdate(digest->context, data, bytes);
}

void oac_digest_finish(struct oac_digest *digest, uint8_t sum[32])
{
    EVP_DigestFinal_ex(digest->context, sum, NULL);
    EVP_MD_CTX_free(digest->context);
    free(digest);
}

enum oac_status oac_digest_memory(const void *data, size_t bytes, uint8_t sum[32],
                                  struct oac_err *err)
{
    struct oac_digest *digest;
    enum oac_status status = oac_digest_create(&digest, err);
    if (status)
        return status;
    oac_digest_update(digest, data, bytes);
    oac_digest_finish(digest, sum);
    return OAC_OK;
}

enum oac_status oac_digest_file(const char *path, uint8_t sum[32], struct oac_err *err)
{
    int fd;
    size_t size;
    enum oac_status status = oac_file_open(path, &fd, &size, err);
    if (status)
        return status;
    struct oac_digest *digest;
    status = oac_digest_create(&digest, err);
    if (status)
        goto close_file;

    ssize_t got;
    do {
        uint8_t chunk[CHUNK_BYTES];
        got = read(fd, chunk, sizeof chunk);
        if (got > 0)
            oac_digest_update(digest, chunk, (size_t)got);
    } while (got > 0 || (got < 0 && errno == EINTR));
    int read_errno = errno;

    uint8_t result[32];
    oac_digest_finish(digest, result);
    if (got < 0)
        status = oac_fail(err, OAC_EIO, "%s: cannot read: %s", path, strerror(read_errno));
    else
        memcpy(sum, result, sizeof result);

close_file:
    close(fd);
    return status;
}

void oac_digest_hex(const uint8_t sum[32], char hex[OAC_DIGEST_HEX_BYTES])
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < 32; i++) {
        hex[2 * i] = digits[sum[i] >> 4];
        hex[2 * i + 1] = digits[sum[i] & 15u];
    }
    hex[64] = '\0';
}
