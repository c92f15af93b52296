import ArgumentParser
import Domain

/// The command line: parsing and composition; everything else is in the floors below.
@main
struct Hera: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hera",
        abstract: "Routes every step of an AI agent to one of many small and large language models.",
        discussion: """
            A policy sets money, energy, time and accuracy. Start here:

              hera init                  writes hera.yaml: which keys, which servers, what matters
              hera doctor                checks keys, servers, catalog and ledger, and says what to do
              hera catalog list          which models there are and what they cost
              hera savings LOG.jsonl     what hera would save on requests you made
              hera serve                 the service, on 127.0.0.1:8484
              hera run JOB.json          one agent job, its steps shown live
              hera batch FILE.jsonl ...  many requests under one budget
              echo '{"messages":[{"role":"user","content":"2+2?"}]}' | hera route
                                         which model would answer, and why; calls none
            """,
        version: HeraVersion.current,
        subcommands: [
            InitCommand.self, DoctorCommand.self, PathsCommand.self, ConfigCommand.self,
            ServeCommand.self, TopCommand.self, HealthCommand.self, RunCommand.self, BatchCommand.self,
            BatchesCommand.self, RouteCommand.self,
            SavingsCommand.self,
            TrainCommand.self, EvaluateCommand.self, CalibrateCommand.self, CatalogCommand.self, DashboardCommand.self,
            KeysCommand.self,
            BudgetsCommand.self, LedgerCommand.self,
            ProfileCommand.self, PlanCommand.self, ManualCommand.self,
        ])
}
