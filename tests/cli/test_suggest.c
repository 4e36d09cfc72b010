/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/suggest.h"

#include <criterion/criterion.h>
#include <string.h>

static const char *const names[] = {"run", "matmul", "train", "data", "rig", "info"};

static const char *suggest(const char *wanted)
{
    const char *found = oac_suggest(wanted, names, sizeof names / sizeof names[0]);
    return found ? found : "(none)";
}

Test(suggest, distance_counts_each_kind_of_slip_once)
{
    cr_expect_eq(oac_edit_distance("train", "train"), 0);
    cr_expect_eq(oac_edit_distance("trai", "train"), 1, "insertion");
    cr_expect_eq(oac_edit_distance("traiin", "train"), 1, "deletion");
    cr_expect_eq(oac_edit_distance("trbin", "train"), 1, "substitution");
    cr_expect_eq(oac_edit_distance("tarin", "train"), 1, "swap of neighbours");
    cr_expect_eq(oac_edit_distance("", "train"), 5);
    cr_expect_eq(oac_edit_distance("kitten", "sitting"), 3, "the textbook's pair");
}

Test(suggest, slips_of_the_fingers_find_their_command)
{
    cr_expect_str_eq(suggest("rum"), "run");
    cr_expect_str_eq(suggest("tarin"), "train");
    cr_expect_str_eq(suggest("matmull"), "matmul");
    cr_expect_str_eq(suggest("mat"), "matmul", "a beginning of the name");
}

Test(suggest, something_else_entirely_finds_nothing)
{
    cr_expect_str_eq(suggest("frobnicate"), "(none)");
    cr_expect_str_eq(suggest("xyz"), "(none)");
}

Test(suggest, a_very_long_word_is_far_from_everything)
{
    char word[5000];
    memset(word, 'r', sizeof word - 1);
    word[sizeof word - 1] = '\0';
    cr_expect_str_eq(suggest(word), "(none)");
}
