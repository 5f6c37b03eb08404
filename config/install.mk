# install and uninstall: binaries, plugins, skills, config example, price books, unit, man pages.
