/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <criterion/criterion.h>
#include <string.h>

#include "sim/noise.h"

Test(noise, every_mask_reads_back_from_its_text)
{
    struct oac_err err;
    for (uint32_t mask = 0; mask <= OAC_NOISE_ALL; mask++) {
        char text[64];
        uint32_t back = ~mask;
        oac_noise_format(mask, text);
        cr_assert_eq(oac_noise_parse(text, &back, &err), OAC_OK, "%s", text);
        cr_assert_eq(back, mask, "%s", text);
    }
}

Test(noise, any_order_gives_the_canonical_list)
{
    struct oac_err err;
    uint32_t mask = 0;
    char text[64];
    cr_assert_eq(oac_noise_parse("drift,shot,read", &mask, &err), OAC_OK);
    oac_noise_format(mask, text);
    cr_assert_str_eq(text, "shot,read,drift");
}

Test(noise, bad_lists_are_refused_naming_the_word)
{
    const char *const bad[] = {"",      "shot,",     ",shot",    "shot,,read", "Shot",
                               "shots", "shot,shot", "all,shot", "none,",      "shot read"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct oac_err err;
        uint32_t mask = 1234;
        cr_assert_eq(oac_noise_parse(bad[i], &mask, &err), OAC_EUSAGE, "'%s'", bad[i]);
        cr_assert_eq(mask, 1234, "output untouched");
        cr_assert(strstr(err.message, "thermal"), "the message lists what there is");
    }
}
