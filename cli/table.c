/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/command.h"

#define COMPUTE "Compute with light"
#define PREPARE "Prepare"
#define LAB     "Work in the laboratory"
#define LOOK    "Look"

const struct oac_command oac_commands[] = {
    {COMPUTE, "run", "classify a data set with a network whose products are optical",
     oac_cmd_run},
    {COMPUTE, "matmul", "multiply a matrix by vectors with light, with the error",
     oac_cmd_matmul},
    {COMPUTE, "compare", "run the same frames on both simulators, say why they differ",
     oac_cmd_compare},
    {PREPARE, "train", "train a network that fits the optics it will run on", oac_cmd_train},
    {PREPARE, "data", "list the data sets there are, fetch the one that is missing",
     oac_cmd_data},
    {PREPARE, "gate", "decide from a calibration whether a network may run on a bench",
     oac_cmd_gate},
    {LAB, "calibrate", "measure an unknown bench, certify a network on it", oac_cmd_calibrate},
    {LAB, "probe", "say what is behind a URI, and what it is good for", oac_cmd_probe},
    {LAB, "port", "list, read, set and sweep the ports of a bench, in volts", oac_cmd_port},
    {LAB, "safe", "put a bench into its safe state", oac_cmd_safe},
    {LAB, "record", "finish a recording of a bench, or write its samples as SigMF",
     oac_cmd_record},
    {LAB, "twin", "serve a simulated bench as a board, for libiio programs", oac_cmd_twin},
    {LOOK, "scope", "see a window after every component: waveforms, eyes, noise",
     oac_cmd_scope},
    {LOOK, "report", "show what a calibration found, as one HTML page", oac_cmd_report},
    {LOOK, "rig", "list, check, show and explain descriptions of benches", oac_cmd_rig},
    {LOOK, "info", "say what a file is: model, run, calibration, data set, rig", oac_cmd_info},
    {0},
};
