/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/digest.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/tmpdir.h"

/* NIST FIPS 180-2 appendix B, the SHA-256 examples. */
static const struct {
    const char *text, *hex;
} known[] = {
    {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
};
static const char million_a[] =
    "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"; /* same, B.3 */

static struct oac_err err;

Test(digest, published_vectors_come_out)
{
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        uint8_t sum[32];
        char hex[OAC_DIGEST_HEX_BYTES];
        cr_assert_eq(oac_digest_memory(known[i].text, strlen(known[i].text), sum, &err),
                     OAC_OK);
        oac_digest_hex(sum, hex);
        cr_assert_str_eq(hex, known[i].hex);
    }
}

Test(digest, pieces_a_file_and_memory_agree_on_a_million_a)
{
    size_t bytes = 1000000;
    char *text = malloc(bytes), hex[OAC_DIGEST_HEX_BYTES];
    memset(text, 'a', bytes);

    struct oac_digest *digest;
    uint8_t sum[32];
    cr_assert_eq(oac_digest_create(&digest, &err), OAC_OK);
    for (size_t done = 0, piece = 1; done < bytes; done += piece, piece = piece * 3 + 1)
        oac_digest_update(digest, text + done, piece < bytes - done ? piece : bytes - done);
    oac_digest_finish(digest, sum);
    oac_digest_hex(sum, hex);
    cr_assert_str_eq(hex, million_a);

    char dir[OAC_TEST_DIR_BYTES], path[OAC_TEST_DIR_BYTES + 8];
    oac_test_dir_make(dir);
    oac_test_file_put(oac_test_dir_path(dir, "a", path), text, bytes);
    memset(sum, 0, sizeof sum);
    cr_assert_eq(oac_digest_file(path, sum, &err), OAC_OK, "%s", err.message);
    oac_digest_hex(sum, hex);
    cr_assert_str_eq(hex, million_a);
    oac_test_dir_remove(dir);
    free(text);
}

Test(digest, a_missing_file_or_a_directory_is_an_error_and_leaves_the_sum)
{
    uint8_t sum[32] = {42};
    cr_assert_eq(oac_digest_file("/nonexistent/file", sum, &err), OAC_ENOTFOUND);
    cr_assert(strstr(err.message, "/nonexistent/file"), "%s", err.message);
    cr_assert_eq(oac_digest_file("/", sum, &err), OAC_EINVAL);
    cr_assert_eq(sum[0], 42);
}
