import CanonicalJSON
import Git
import MediaResources
import RegionRepository
import Sealing

extension AccountError {
  /// Any error of the rooms below in the words of this one.
  package static func explaining(_ error: any Error) -> AccountError {
    switch error {
    case let error as AccountError: error
    case let error as ContentError:
      AccountError(error.code == .interrupted ? .interrupted : .io, error.message, hint: error.hint)
    case let error as RegionError: AccountError(.io, error.message, hint: error.hint)
    case let error as SealingError: AccountError(.io, error.message, hint: error.hint)
    case let error as GitError: AccountError(.io, error.message, hint: error.hint)
    case let error as ResourceError: AccountError(.invalid, error.description)
    case let error as JSONError: AccountError(.invalid, error.description)
    default: AccountError(.io, "\(error)")
    }
  }
}
