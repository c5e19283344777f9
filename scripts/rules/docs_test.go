package rules

import (
	"go/ast"
	"go/token"
	"slices"
	"strings"
	"testing"
)

// TestExportedDocs wants a comment at everything a package offers: what it is,
// its units, who owns the memory, which goroutine may call it.
func TestExportedDocs(t *testing.T) {
	documented := make(map[string]bool) // packages, by folder
	for _, s := range sources(t) {
		if s.isTest() {
			continue
		}
		documented[s.dir()] = documented[s.dir()] || s.file.Doc != nil
		for _, n := range undocumented(s.file) {
			t.Errorf("%s: %s is exported and has no comment", s.at(n), n.Name)
		}
	}
	for dir, ok := range documented {
		if !ok {
			t.Errorf("%s: no file has a package comment", dir)
		}
	}
}

// undocumented returns the exported names of a file that lack a comment.
func undocumented(file *ast.File) []*ast.Ident {
	var bare []*ast.Ident
	for _, decl := range file.Decls {
		switch d := decl.(type) {
		case *ast.FuncDecl:
			if d.Doc == nil && d.Name.IsExported() && exportedReceiver(d) {
				bare = append(bare, d.Name)
			}
		case *ast.GenDecl:
			bare = append(bare, undocumentedSpecs(d)...)
		}
	}
	return bare
}

// exportedReceiver says that a method's type is exported, or that it is no
// method.
func exportedReceiver(d *ast.FuncDecl) bool {
	if d.Recv == nil {
		return true
	}
	typ := d.Recv.List[0].Type
	for {
		switch x := typ.(type) {
		case *ast.StarExpr:
			typ = x.X
		case *ast.IndexExpr:
			typ = x.X
		case *ast.IndexListExpr:
			typ = x.X
		case *ast.Ident:
			return x.IsExported()
		default:
			return true
		}
	}
}

// undocumentedSpecs takes one comment for a group of constants or variables,
// where the names below it may speak for themselves; a type has its own.
func undocumentedSpecs(d *ast.GenDecl) []*ast.Ident {
	var bare []*ast.Ident
	for _, spec := range d.Specs {
		switch s := spec.(type) {
		case *ast.TypeSpec:
			single := !d.Lparen.IsValid() && d.Doc != nil
			if s.Doc == nil && !single && s.Name.IsExported() {
				bare = append(bare, s.Name)
			}
		case *ast.ValueSpec:
			if d.Doc == nil && s.Doc == nil && s.Comment == nil {
				bare = append(bare, exported(s.Names)...)
			}
		}
	}
	return bare
}

func exported(names []*ast.Ident) []*ast.Ident {
	var all []*ast.Ident
	for _, n := range names {
		if n.IsExported() {
			all = append(all, n)
		}
	}
	return all
}

// TestNoInitNoState wants packages whose behaviour depends on what they are
// given: no init functions, and no package variables that start empty, which
// only makes sense if somebody fills them later.
func TestNoInitNoState(t *testing.T) {
	for _, s := range sources(t) {
		if s.isTest() {
			continue
		}
		for _, decl := range s.file.Decls {
			switch d := decl.(type) {
			case *ast.FuncDecl:
				if d.Recv == nil && d.Name.Name == "init" {
					t.Errorf("%s: init runs unseen by whoever imports the package: make it an explicit call", s.at(d))
				}
			case *ast.GenDecl:
				for _, v := range emptyVars(d) {
					t.Errorf("%s: package variable %s holds state: put it into a value that its users are given", s.at(v), v.Name)
				}
			}
		}
	}
}

// emptyVars are package variables without a value. Pools are no state: what
// they hold can vanish at any time. Nor is what //go:embed fills.
func emptyVars(d *ast.GenDecl) []*ast.Ident {
	if d.Tok != token.VAR {
		return nil
	}
	var empty []*ast.Ident
	for _, spec := range d.Specs {
		s := spec.(*ast.ValueSpec)
		if len(s.Values) == 0 && !isPool(s.Type) && !isEmbedded(d) {
			empty = append(empty, s.Names...)
		}
	}
	return empty
}

func isEmbedded(d *ast.GenDecl) bool {
	return d.Doc != nil && slices.ContainsFunc(d.Doc.List, func(c *ast.Comment) bool {
		return strings.HasPrefix(c.Text, "//go:embed ")
	})
}

// isPool says that a type is sync.Pool or another package's Pool.
func isPool(typ ast.Expr) bool {
	sel, ok := typ.(*ast.SelectorExpr)
	return ok && sel.Sel.Name == "Pool"
}
