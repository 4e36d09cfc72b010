/* SPDX-License-Identifier: GPL-3.0-or-later */
/* docs/lab-guide.md does what it says. */
#ifdef OAC_HAVE_LIBIIO
#include <criterion/criterion.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/npy.h"
#include "tests/driver/iio_fixture.h"
#include "tests/support/need.h"
#include "tests/support/tmpdir.h"

static struct oac_err err;

static char *read_source(const char *path)
{
    char *text = NULL;
    size_t bytes;
    cr_assert_eq(oac_file_read(path, 1 << 22, &text, &bytes, &err), OAC_OK, "%s", err.message);
    return text;
}

static char *read_guide(void)
{
    char path[OAC_TEST_PATH_BYTES];
    snprintf(path, sizeof path, "%s/docs/lab-guide.md", getenv("OAC_SOURCE_DIR"));
    return read_source(path);
}

static void put_matrix(const char *name, size_t rows)
{
    const size_t dims[] = {rows, 8};
    float value[32];
    for (size_t i = 0; i < 32; i++)
        value[i] = (float)(i % 17) / 16.0f;
    cr_assert_eq(oac_npy_write_f32(name, 2, dims, value, &err), OAC_OK, "%s", err.message);
}

/* line with every `from` as `to`, in text (bytes). */
static void replace(const char *line, const char *from, const char *to, char *text,
                    size_t bytes)
{
    text[0] = '\0';
    for (const char *at; (at = strstr(line, from)); line = at + strlen(from))
        snprintf(text + strlen(text), bytes - strlen(text), "%.*s%s", (int)(at - line), line,
                 to);
    snprintf(text + strlen(text), bytes - strlen(text), "%s", line);
}

Test(lab_guide, every_command_of_the_guide_works_on_the_virtual_bench, .timeout = 300)
{
    static struct iio_fixture bench;
    char dir[OAC_TEST_DIR_BYTES], images[OAC_TEST_PATH_BYTES], command[2000], here[1000];
    size_t commands = 0;
    char *guide = read_guide();
    oac_test_shared_path("mnist/t10k-images-idx3-ubyte.gz", images);
    const bool has_images = access(images, R_OK) == 0;
    const char *wrong = iio_fixture_open(&bench, 0, NULL, &err);
    cr_assert_null(wrong, "%s", wrong);
    oac_test_dir_make(dir);
    cr_assert_eq(chdir(dir), 0);
    setenv("XDG_STATE_HOME", dir, 1);
    put_matrix("W.npy", 3);
    put_matrix("X.npy", 2);
    snprintf(command, sizeof command, "%s/experiments", getenv("OAC_SOURCE_DIR"));
    cr_assert_eq(symlink(command, "experiments"), 0);
    for (char *line = strtok(guide, "\n"); line; line = strtok(NULL, "\n")) {
        if (strncmp(line, "    oac ", 8) != 0 || strstr(line, "twin serve") ||
            (strstr(line, "--model") && !has_images))
            continue;
        replace(line + 8, "ip:192.168.2.1", bench.uri, here, sizeof here);
        snprintf(command, sizeof command, "%s/cli/oac %s </dev/null >said 2>&1",
                 getenv("OAC_BINARY_DIR"), here);
        const int code = system(command);
        char *said = read_source("said");
        cr_expect_eq(code, 0, "oac %s: %d: %s", here, code, said);
        free(said);
        commands++;
    }
    cr_expect_geq(commands, 13, "%zu commands", commands);
    cr_expect_eq(access("weight.h5", R_OK), 0);
    cr_expect_eq(access("Y.npy", R_OK), 0);
    iio_fixture_kill(&bench);
    cr_assert_eq(chdir("/"), 0);
    oac_test_dir_remove(dir);
    free(guide);
    oac_test_need(has_images, "MNIST, for the oac run of the guide");
}

/* Every source file, string literals that were cut into lines put together. */
static char *all_sources(void)
{
    static const char *const folder[] = {"driver/*.c", "driver/iio/*.c", "cli/*.c"};
    char pattern[OAC_TEST_PATH_BYTES];
    glob_t found = {0};
    size_t room = 1;
    char *all = calloc(1, room);
    for (size_t f = 0; f < 3; f++) {
        snprintf(pattern, sizeof pattern, "%s/%s", getenv("OAC_SOURCE_DIR"), folder[f]);
        cr_assert_eq(glob(pattern, f ? GLOB_APPEND : 0, NULL, &found), 0);
    }
    for (size_t i = 0; i < found.gl_pathc; i++) {
        char *text = read_source(found.gl_pathv[i]);
        room += strlen(text);
        all = realloc(all, room);
        strcat(all, text);
        free(text);
    }
    globfree(&found);
    char *to = all;
    for (const char *from = all; *from;) {
        const size_t gap = *from == '"' ? strspn(from + 1, " \t\n") : 0;
        if (gap && from[1 + gap] == '"')
            from += gap + 2;
        else
            *to++ = *from++;
    }
    *to = '\0';
    return all;
}

Test(lab_guide, every_message_of_the_guide_is_in_the_program)
{
    char *guide = read_guide(), *sources = all_sources();
    char *row = strstr(guide, "| message |");
    size_t messages = 0;
    cr_assert_not_null(row);
    for (row = strtok(row, "\n"); row; row = strtok(NULL, "\n")) {
        char *end = strncmp(row, "| ", 2) == 0 ? strstr(row + 2, " | ") : NULL;
        if (!end || strncmp(row, "| message |", 11) == 0)
            continue;
        *end = '\0';
        cr_expect(strstr(sources, row + 2), "no message says '%s'", row + 2);
        messages++;
    }
    cr_expect_geq(messages, 25, "%zu messages", messages);
    free(sources);
    free(guide);
}
#endif
