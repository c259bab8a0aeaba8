package uitest

import (
	"strings"
	"testing"
)

type fields = map[string]any

// TestTheFormsOfTheAdministration uses each form as an administrator would, in Chinese. What the
// server refuses is said in Chinese, too.
func TestTheFormsOfTheAdministration(t *testing.T) {
	w := inWorld(t)
	p := newPage(t, w, refused)
	p.speak("zh")
	p.login("boss")
	p.administersGroups()
	p.administersAgents()
	p.administersLists()
	p.administersUsers()
	p.administersTokens()
	p.readsTheAuditLog()
	p.open("/ui/admin?s=server")
	p.see(changing + ` > 0`)
	p.click("button", "重新读取配置")
	p.shows("已完成：重新读取配置")
}

func (p *page) administersGroups() {
	p.t.Helper()
	p.open("/ui/admin?s=groups")
	p.click("button", "添加")
	p.answer(fields{"group": "110"})
	p.isRefused("该名称或号码已存在。")
	p.answer(fields{"group": "130", "mode": "1"})
	p.done()
	p.see(`document.querySelector("select[name=mode]")?.value === "1"`)

	p.fill(".settings", fields{"ring_seconds": "0"})
	p.click(".settings button", "保存")
	p.see(`document.getElementById("fault-ring_seconds")?.innerText.includes("1 到 3600 的整秒数")`)
	p.see(`document.activeElement.name === "ring_seconds" && document.activeElement.ariaInvalid === "true"`)
	p.fill(".settings", fields{"ring_seconds": "21", "welcome": "${system rm}"})
	p.click(".settings button", "保存") // the server refuses this one
	p.see(`document.getElementById("fault-welcome")?.innerText.includes("不含 ${")`)
	p.see(`!document.getElementById("fault-ring_seconds")`)
	p.fill(".settings", fields{"welcome": "", "name": "售后", "service_level_formula": "all"})
	p.click(".settings button", "保存")
	p.see(`document.querySelector("h2").innerText === "130 售后"`)
	p.open("/ui/admin?s=groups&id=130")
	p.see(`document.querySelector("[name=ring_seconds]")?.value === "21"`)
	p.see(`document.querySelector("[name=service_level_formula]").selectedOptions[0].text === "全部来电"`)

	p.click("button", "修改")
	p.see(dialog)
	p.evaluate(dialog + `.querySelector("[value='1003']").checked = true`)
	p.answer(nil)
	p.done()
	p.see(rowWith("1003"))
	p.click("button", "删除")
	p.answer(nil)
	p.done()
	p.see(`location.search === "?s=groups"`)
	p.hides("售后")
}

func (p *page) administersAgents() {
	p.t.Helper()
	p.open("/ui/admin?s=agents")
	p.click("button", "添加")
	p.answer(fields{"extension": "1000", "password": "secret"})
	p.isRefused("该名称或号码已存在。")
	p.answer(fields{"extension": "1009", "password": "secret"})
	p.done()
	p.fill(".settings", fields{"name": "王小明", "max_misses": "4", "dnd": true})
	p.click(".settings button", "保存")
	p.see(`document.querySelector("h2").innerText === "1009 王小明"`)
	p.open("/ui/admin?s=agents&id=1009")
	p.see(`document.querySelector("[name=max_misses]")?.value === "4" && document.querySelector("[name=dnd]").checked`)
	p.fill(".settings", fields{"allowed_groups": "110,999"})
	p.click(".settings button", "保存")
	p.shows("没有此组")
	p.click("button", "删除")
	p.answer(nil)
	p.done()
	p.see(`location.search === "?s=agents"`)
}

func (p *page) administersLists() {
	p.t.Helper()
	for _, section := range []string{"vips", "blacklist"} {
		p.open("/ui/admin?s=" + section)
		p.click("button", "添加")
		p.answer(fields{"number": "13911110000", "group": "110"})
		p.done()
		p.see(rowWith("13911110000"))
		p.clickIn("13911110000", "删除")
		p.answer(nil)
		p.shows("暂无内容。")
	}
	p.open("/ui/admin?s=reasons")
	p.click("button", "添加")
	p.answer(fields{"code": "break", "name": "Again"})
	p.isRefused("该名称或号码已存在。")
	p.answer(fields{"code": "shift", "name": "交接班", "paid": false})
	p.done()
	p.clickIn("交接班", "修改")
	p.answer(fields{"name": "交接班会", "active": false})
	p.see(rowWith("交接班会") + `?.innerText.match(/否\s+否/)`)
	p.clickIn("交接班会", "删除")
	p.answer(nil)
	p.hides("交接班会")
}

// administersUsers adds a user. The user logs in, and is at the login page again once removed.
func (p *page) administersUsers() {
	p.t.Helper()
	p.open("/ui/admin?s=users")
	p.click("button", "添加")
	p.answer(fields{"name": "lily", "role": "agent"})
	p.isRefused("“座席”角色需要填写分机。")
	p.answer(fields{"name": "boss", "role": "read", "extension": ""})
	p.isRefused("该名称或号码已存在。")
	p.answer(fields{"name": "lily", "role": "agent", "extension": "1002", "language": "en"})
	p.see(dialog + `?.querySelector(".secret")`)
	password := p.value(dialog + `.querySelector(".secret").value`)
	p.answer(nil)
	p.see(rowWith("lily") + `?.innerText.includes("需设置新密码")`)

	lily := newPage(p.t, p.world, refused)
	lily.loginAs("lily", password)
	lily.see(`location.pathname === "/ui/password"`)
	lily.fill("form.card", fields{"old": password, "new": userPassword, "again": userPassword})
	lily.click("form.card button", "Change password")
	lily.see(`location.pathname === "/ui/agent"`)
	lily.see(`document.getElementById("live")?.dataset.state === "live"`)

	p.open("/ui/admin?s=sessions")
	p.see(rowWith("lily"))
	p.open("/ui/admin?s=users")
	p.clickIn("lily", "删除")
	p.answer(nil)
	p.hides("lily")
	lily.see(`location.pathname === "/ui/login"`)
}

// administersTokens makes the link of a wall, which shows the wall, and takes it away.
func (p *page) administersTokens() {
	p.t.Helper()
	p.open("/ui/admin?s=tokens")
	p.click("button", "添加")
	p.answer(fields{"name": "Hall", "role": "wall", "groups": "110"})
	p.see(`!` + dialog + `.querySelector("[name=name]").checkValidity()`)
	p.answer(fields{"name": "hall"})
	p.see(dialog + `?.querySelector(".secret")`)
	link := p.value(dialog + `.querySelector(".secret").value`)
	if !strings.Contains(link, "/ui/wall#nwa_") {
		p.t.Fatalf("the link of the wall is %s", link)
	}
	p.answer(nil)
	p.see(rowWith("hall"))
	wall := newPage(p.t, p.world, refused)
	wall.goTo(link)
	wall.shows("110")
	if strings.Contains(wall.text(), "120") {
		p.t.Errorf("the wall of group 110 shows another one:\n%s", wall.text())
	}
	p.clickIn("hall", "删除")
	p.answer(nil)
	p.shows("暂无内容。")
	wall.shows("not valid any more")
}

func (p *page) readsTheAuditLog() {
	p.t.Helper()
	p.open("/ui/admin?s=audit")
	p.fill("form.filter", fields{"object": "130"})
	p.click("form.filter button", "搜索")
	p.see(`location.search.includes("object=130")`)
	p.see(`document.querySelectorAll("tbody tr").length >= 3`)
	p.see(`[...document.querySelectorAll("tbody tr")].every(r => r.innerText.includes("130")
		&& r.innerText.includes("user:boss") && r.innerText.includes("控制台"))`)
}

// TestTheFieldsOfSettingsAreApart looks for fields that are wider than their column, in types of
// different widths.
func TestTheFieldsOfSettingsAreApart(t *testing.T) {
	p := newPage(t, inWorld(t))
	p.login("boss")
	p.open("/ui/admin?s=groups&id=110")
	p.see(`document.querySelector(".setting select")`)
	for _, face := range faces {
		p.wear(face)
		const wide = `[...document.querySelectorAll(".setting")].filter(s => s.scrollWidth > s.clientWidth + 1)
			.map(s => s.innerText)`
		if got := p.finds(wide); got != "[]" {
			t.Errorf("in type %s these are too wide: %s", face.name, got)
		}
	}
}
