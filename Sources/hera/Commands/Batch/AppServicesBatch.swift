import Calls
import Domain
import Ledger
import ServiceLifecycle
import Steps
import UnixSignals

extension AppServices {
    /// Takes a batch for this process; nil where another one works on it. A database server may take a moment to notice
    /// that the process before has died.
    func claimBatch(_ id: String) async throws -> BatchRecord? {
        for _ in 0..<10 {
            if let batch = try await stepService.ledger.claimBatch(id, seizing: false) {
                // What a process that just died had begun is booked, and its rows are free.
                if batch.lease > 1 { _ = try await stepService.ledger.recover(at: .now()) }
                return batch
            }
            try await Task.sleep(for: .milliseconds(100))
        }
        return nil
    }

    /// Runs a command's service beside those that calls need, until it ends or is asked to stop.
    func run(_ service: any Service) async {
        var configuration = ServiceGroupConfiguration(
            services: callingServices + [
                .init(service: service, successTerminationBehavior: .gracefullyShutdownGroup)
            ], gracefulShutdownSignals: [.sigterm, .sigint], logger: Installation.logger())
        // What is still under way then is booked at its upper bound at the next start.
        configuration.maximumGracefulShutdownDuration = .seconds(20)
        try? await ServiceGroup(configuration: configuration).run()
    }
}

extension Exit {
    /// What a command on batches ends with after an error.
    init(ofBatch error: any Error) {
        let code: Int32 =
            switch error {
            case is LedgerError, ServiceError.ledger: 74
            case ServiceError.badRequest, ServiceError.routing, ServiceError.unknownModel,
                ServiceError.modelUnavailable:
                65
            default: 70
            }
        self = error as? Exit ?? Exit(code, "\(error)")
    }
}
