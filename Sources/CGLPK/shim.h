// One call into GLPK: arrays in, solution out. All of a solve happens inside `hera_glpk_solve`, because GLPK's
// environment belongs to the thread, and because GLPK ends the process on a failed assertion unless its error hook
// jumps away: setjmp and longjmp may only skip C frames, so both ends of the jump are here.
#pragma once
#include <glpk.h>
#include <setjmp.h>
#include <stddef.h>

enum hera_glpk_status {
    HERA_GLPK_OPTIMAL = 0,     // within the gap asked for
    HERA_GLPK_FEASIBLE = 1,    // stopped early with a solution
    HERA_GLPK_INFEASIBLE = 2,  // proven: no solution
    HERA_GLPK_UNBOUNDED = 3,
    HERA_GLPK_STOPPED = 4,     // stopped early without a solution
    HERA_GLPK_FAILED = 5       // numerical trouble or a failed assertion inside GLPK
};

/// A linear or mixed-integer program. Rows and columns count from 0; every array is the caller's.
struct hera_glpk_program {
    int columns, rows, entries;
    const double *objective;      // [columns]
    const double *column_lower;   // [columns]
    const double *column_upper;   // [columns], HUGE for none
    const int *column_integer;    // [columns], 0 or 1
    const double *row_lower;      // [rows], -HUGE for none
    const double *row_upper;      // [rows], HUGE for none
    const int *entry_row;         // [entries + 1], GLPK's own shape: element 0 unused, indices from 1
    const int *entry_column;      // [entries + 1]
    const double *entry_value;    // [entries + 1]
    double unlimited;             // bounds at or beyond this size are none
    int time_limit_ms;
    double gap;
    int (*should_stop)(void);     // asked now and then; nonzero ends the solve
};

struct hera_glpk_result {
    int status, code;
    double objective, bound;
    double *values;               // [columns], filled when status is OPTIMAL or FEASIBLE
    double *row_duals;            // [rows], of the linear relaxation
    int stopped_by_caller;
    int has_bound;
};

struct hera_glpk_watch {
    int (*should_stop)(void);
    struct hera_glpk_result *result;
};

static inline int hera_glpk_bound_type(double lower, double upper, double unlimited) {
    int low = lower > -unlimited, high = upper < unlimited;
    if (low && high) return lower == upper ? GLP_FX : GLP_DB;
    return low ? GLP_LO : high ? GLP_UP : GLP_FR;
}

static inline void hera_glpk_node(glp_tree *tree, void *info) {
    struct hera_glpk_watch *watch = (struct hera_glpk_watch *)info;
    int best = glp_ios_best_node(tree);
    if (best != 0) {
        watch->result->bound = glp_ios_node_bound(tree, best);
        watch->result->has_bound = 1;
    }
    if (watch->should_stop != NULL && watch->should_stop()) {
        watch->result->stopped_by_caller = 1;
        glp_ios_terminate(tree);
    }
}

static inline void hera_glpk_failed(void *info) {
    longjmp(*(jmp_buf *)info, 1);
}

/// Swallows all output, also that of a failed assertion, which GLPK prints even when its terminal is off.
static inline int hera_glpk_silent(void *info, const char *text) {
    (void)info;
    (void)text;
    return 1;
}

static inline void hera_glpk_load(glp_prob *problem, const struct hera_glpk_program *program) {
    glp_set_obj_dir(problem, GLP_MIN);
    glp_add_cols(problem, program->columns);
    glp_add_rows(problem, program->rows);
    for (int j = 0; j < program->columns; j++) {
        double lower = program->column_lower[j], upper = program->column_upper[j];
        glp_set_obj_coef(problem, j + 1, program->objective[j]);
        glp_set_col_bnds(problem, j + 1, hera_glpk_bound_type(lower, upper, program->unlimited), lower, upper);
        if (program->column_integer[j]) glp_set_col_kind(problem, j + 1, GLP_IV);
    }
    for (int i = 0; i < program->rows; i++) {
        double lower = program->row_lower[i], upper = program->row_upper[i];
        glp_set_row_bnds(problem, i + 1, hera_glpk_bound_type(lower, upper, program->unlimited), lower, upper);
    }
    glp_load_matrix(problem, program->entries, program->entry_row, program->entry_column, program->entry_value);
}

static inline void hera_glpk_run(
    glp_prob *problem, const struct hera_glpk_program *program, struct hera_glpk_result *result
) {
    hera_glpk_load(problem, program);
    int integers = glp_get_num_int(problem);

    glp_smcp simplex;
    glp_init_smcp(&simplex);
    simplex.msg_lev = GLP_MSG_OFF;
    simplex.meth = GLP_DUALP;
    simplex.tm_lim = program->time_limit_ms;
    result->code = glp_simplex(problem, &simplex);
    int relaxation = glp_get_status(problem);
    if (result->code == 0 && relaxation != GLP_OPT && relaxation != GLP_NOFEAS && relaxation != GLP_UNBND) {
        // The dual simplex may end without knowing whether a program that is not dual feasible has a solution.
        glp_std_basis(problem);
        simplex.meth = GLP_PRIMAL;
        result->code = glp_simplex(problem, &simplex);
        relaxation = glp_get_status(problem);
    }
    if (relaxation == GLP_NOFEAS || result->code == GLP_ENOPFS) {
        result->status = HERA_GLPK_INFEASIBLE;
        return;
    }
    if (relaxation == GLP_UNBND || result->code == GLP_ENODFS) {
        result->status = HERA_GLPK_UNBOUNDED;
        return;
    }
    if (result->code == GLP_ETMLIM || result->code == GLP_EITLIM) {
        result->status = HERA_GLPK_STOPPED;
        return;
    }
    if (result->code != 0 || relaxation != GLP_OPT) {
        result->status = HERA_GLPK_FAILED;
        return;
    }
    result->bound = result->objective = glp_get_obj_val(problem);
    result->has_bound = 1;
    for (int i = 0; i < program->rows; i++) result->row_duals[i] = glp_get_row_dual(problem, i + 1);
    if (integers == 0) {
        for (int j = 0; j < program->columns; j++) result->values[j] = glp_get_col_prim(problem, j + 1);
        result->status = HERA_GLPK_OPTIMAL;
        return;
    }

    struct hera_glpk_watch watch = {program->should_stop, result};
    glp_iocp search;
    glp_init_iocp(&search);
    search.msg_lev = GLP_MSG_OFF;
    search.tm_lim = program->time_limit_ms;
    search.mip_gap = program->gap;
    search.tol_int = 1e-7;
    search.br_tech = GLP_BR_DTH;
    search.bt_tech = GLP_BT_BLB;
    search.mir_cuts = GLP_ON;
    search.cov_cuts = GLP_ON;
    search.cb_func = hera_glpk_node;
    search.cb_info = &watch;
    result->code = glp_intopt(problem, &search);
    int found = glp_mip_status(problem);
    if (found == GLP_OPT || found == GLP_FEAS) {
        for (int j = 0; j < program->columns; j++) result->values[j] = glp_mip_col_val(problem, j + 1);
        result->objective = glp_mip_obj_val(problem);
        int complete = found == GLP_OPT && result->code == 0;
        if (complete) result->bound = result->objective;
        result->status = complete || result->code == GLP_EMIPGAP ? HERA_GLPK_OPTIMAL : HERA_GLPK_FEASIBLE;
    } else if (found == GLP_NOFEAS && result->code == 0) {
        result->status = HERA_GLPK_INFEASIBLE;
    } else if (result->code == GLP_ETMLIM || result->code == GLP_ESTOP || result->code == GLP_EMIPGAP) {
        result->status = HERA_GLPK_STOPPED;
    } else {
        result->status = HERA_GLPK_FAILED;
    }
}

/// Solves on the calling thread and leaves nothing of GLPK behind on it. The arrays come as arguments, because Swift
/// passes its own arrays to pointer parameters as they are. Their shapes: see hera_glpk_program and hera_glpk_result.
static inline struct hera_glpk_result hera_glpk_solve(
    int columns, int rows, int entries, const double *objective, const double *column_lower,
    const double *column_upper, const int *column_integer, const double *row_lower, const double *row_upper,
    const int *entry_row, const int *entry_column, const double *entry_value, double unlimited, int time_limit_ms,
    double gap, int (*should_stop)(void), double *values, double *row_duals
) {
    const struct hera_glpk_program program = {
        columns, rows, entries, objective, column_lower, column_upper, column_integer, row_lower, row_upper,
        entry_row, entry_column, entry_value, unlimited, time_limit_ms, gap, should_stop
    };
    // volatile is not needed: after a jump only the status set below is read with meaning.
    struct hera_glpk_result result = {HERA_GLPK_FAILED, 0, 0, 0, values, row_duals, 0, 0};
    jmp_buf failure;
    if (setjmp(failure) == 0) {
        glp_term_out(GLP_OFF);
        glp_term_hook(hera_glpk_silent, NULL);
        glp_error_hook(hera_glpk_failed, &failure);
        glp_prob *problem = glp_create_prob();
        hera_glpk_run(problem, &program, &result);
        glp_delete_prob(problem);
        glp_error_hook(NULL, NULL);
    } else {
        result.status = HERA_GLPK_FAILED;
    }
    glp_free_env();
    return result;
}
