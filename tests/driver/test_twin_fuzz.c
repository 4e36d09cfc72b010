/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The fuzzer's entry on its corpus and on random changes of it, in every build and without clang. */
#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "tests/driver/fuzz_iiod.c"

enum { INPUT_BYTES = 2048, INPUTS = 128, CHANGES = 20000 };

struct input {
    size_t count;
    uint8_t bytes[INPUT_BYTES];
};

static size_t corpus(struct input *input)
{
    char folder[4096], path[5000];
    size_t inputs = 0;
    snprintf(folder, sizeof folder, "%s/tests/driver/fuzz_iiod", getenv("OAC_SOURCE_DIR"));
    DIR *dir = opendir(folder);
    cr_assert_not_null(dir, "%s", folder);
    for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir)) {
        if (entry->d_name[0] == '.' || inputs == INPUTS)
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        FILE *file = fopen(path, "rb");
        cr_assert_not_null(file);
        input[inputs].count = fread(input[inputs].bytes, 1, INPUT_BYTES, file);
        inputs++;
        fclose(file);
    }
    closedir(dir);
    return inputs;
}

static uint32_t draw(uint64_t index, uint32_t sub, size_t below)
{
    return (uint32_t)(oac_rng_uniform(5, OAC_RNG_TEST, index, sub) * (double)below);
}

Test(twin_fuzz, the_corpus_and_changes_of_it_break_nothing)
{
    static struct input input[INPUTS];
    size_t inputs = corpus(input);
    cr_assert_geq(inputs, 5u);
    for (size_t i = 0; i < inputs; i++)
        LLVMFuzzerTestOneInput(input[i].bytes, input[i].count);
    for (uint64_t turn = 0; turn < CHANGES; turn++) {
        struct input one = input[draw(turn, 0, inputs)];
        for (uint32_t change = 0; change <= draw(turn, 1, 8) && one.count > 1; change++)
            one.bytes[draw(turn, 10 + change, one.count)] =
                (uint8_t)draw(turn, 100 + change, 256);
        if (draw(turn, 2, 4) == 0)
            one.count = draw(turn, 3, one.count);
        if (one.count > 0 && one.bytes[0] == 0xff && turn % 100)
            one.bytes[0] = 0; /* few wait on a live bench */
        LLVMFuzzerTestOneInput(one.bytes, one.count);
    }
}
