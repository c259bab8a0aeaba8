package conf

import (
	"reflect"
	"slices"
)

// Restart returns the keys whose value differs in next and which only a restart can change, in the
// order of the complete example. The keys of a [[freeswitch]] are such as
// "freeswitch.NAME.address". A [[freeswitch]] that was added or removed is "freeswitch.NAME". The
// reload applies all other changes.
func (c *Config) Restart(next *Config) []string {
	var changed []string
	after := next.sections()
	for i, s := range c.sections() {
		changed = append(changed, differing(s.name, s.keys, after[i].keys)...)
	}
	for i := range c.FreeSWITCH {
		f := &c.FreeSWITCH[i]
		if j := indexOf(next.FreeSWITCH, f.Name); j < 0 {
			changed = append(changed, "freeswitch."+f.Name)
		} else {
			changed = append(changed, differing("freeswitch."+f.Name, f.keys(), next.FreeSWITCH[j].keys())...)
		}
	}
	for _, f := range next.FreeSWITCH {
		if indexOf(c.FreeSWITCH, f.Name) < 0 {
			changed = append(changed, "freeswitch."+f.Name)
		}
	}
	return changed
}

func differing(section string, before, after []key) []string {
	var names []string
	for i, k := range before {
		now, next := k.value.get(), after[i].value.get()
		if k.restart && !reflect.DeepEqual(now, next) || k.onOff && isEmpty(now) != isEmpty(next) {
			names = append(names, section+"."+k.name)
		}
	}
	return names
}

func isEmpty(content any) bool { return reflect.ValueOf(content).IsZero() }

func indexOf(switches []FreeSWITCH, name string) int {
	return slices.IndexFunc(switches, func(f FreeSWITCH) bool { return f.Name == name })
}
