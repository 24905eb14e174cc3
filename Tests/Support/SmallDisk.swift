import Foundation

/// A small file system of its own; needs the right to mount.
package final class SmallDisk {
  /// Where it is mounted.
  package let folder: TemporaryFolder

  /// Mounts one of a size such as `3m`; nil where that is not allowed.
  package init?(size: String) throws {
    folder = try TemporaryFolder()
    guard try Program.run("mount", ["-t", "tmpfs", "-o", "size=\(size)", "tmpfs", folder.path]).status == 0
    else {
      return nil
    }
  }

  package func makeReadOnly() throws { try Program.run("mount", ["-o", "remount,ro", folder.path]) }

  package func makeWritable() throws { try Program.run("mount", ["-o", "remount,rw", folder.path]) }

  deinit { _ = try? Program.run("umount", ["-l", folder.path]) }
}
