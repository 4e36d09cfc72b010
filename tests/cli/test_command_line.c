/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/command_line.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static void expect(int argc, char **argv, const char *expected)
{
    char *line = oac_command_line(argc, argv);
    cr_assert_not_null(line);
    cr_expect_str_eq(line, expected);
    free(line);
}

Test(command_line, plain_words_stay_and_the_program_loses_its_folder)
{
    char *argv[] = {"/some/where/oac", "run", "--set", "laser.power_dbm=-3", "-o", "./a/b.h5"};
    expect(6, argv, "oac run --set laser.power_dbm=-3 -o ./a/b.h5");
}

Test(command_line, what_a_shell_would_change_is_quoted)
{
    char *argv[] = {"oac", "two words", "", "it's", "$HOME", "a;b", "*"};
    expect(7, argv, "oac 'two words' '' 'it'\\''s' '$HOME' 'a;b' '*'");
}
