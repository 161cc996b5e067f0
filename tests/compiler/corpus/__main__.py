from tests.compiler.corpus import FILES, cases, written

for path in FILES:
    path.write_text(written([*cases(path)]))
