import ArgumentParser
import Foundation
import JSON

/// `hera manual`: manual pages from the definitions of the commands.
struct ManualCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "manual", abstract: "Write the manual pages of all commands into a folder.",
        discussion: "One page a command: hera.1, hera-serve.1, hera-catalog-list.1, ... `make install` installs them.")

    @Argument(help: "The folder, made where it is missing.")
    var folder: String

    func run() throws {
        guard let root = (try? JSONDocument(Array(Hera._dumpHelp().utf8)))?.root["command"] else {
            throw ExitCode(70)
        }
        let pages = ManualPage.all(of: root)
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            for page in pages {
                try Data(page.text.utf8).write(to: URL(fileURLWithPath: "\(folder)/\(page.name).1"))
            }
        } catch {
            Exit.printError("cannot write to \(folder): \(error.localizedDescription)")
            throw ExitCode(73)
        }
        print("\(pages.count) pages in \(folder)")
    }
}
