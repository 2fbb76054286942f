class OidcToken < Formula
  desc "@description@"
  homepage "https://github.com/@repository@"
  version "@version@"
  license "@license@"

  on_macos do
    on_arm do
      url "https://github.com/@repository@/releases/download/v@version@/@name@-darwin-arm64.tar.gz"
      sha256 "@sha256:darwin-arm64@"
    end
    on_intel do
      url "https://github.com/@repository@/releases/download/v@version@/@name@-darwin-x64.tar.gz"
      sha256 "@sha256:darwin-x64@"
    end
  end

  on_linux do
    on_arm do
      url "https://github.com/@repository@/releases/download/v@version@/@name@-linux-arm64.tar.gz"
      sha256 "@sha256:linux-arm64@"
    end
    on_intel do
      url "https://github.com/@repository@/releases/download/v@version@/@name@-linux-x64.tar.gz"
      sha256 "@sha256:linux-x64@"
    end
  end

  def install
    bin.install "@name@"
    man1.install "@name@.1"
    bash_completion.install "completions/@name@.bash" => "@name@"
    zsh_completion.install "completions/_@name@"
    fish_completion.install "completions/@name@.fish"
    prefix.install "LICENSE", "THIRD-PARTY.txt"
  end

  test do
    assert_equal version.to_s, shell_output("#{bin}/@name@ --version").strip
  end
end
