//! .NET's binary serialization (MS-NRBF), as far as Exchange's certificates use it.

/// How many classes may stand inside each other.
const MAXIMUM_DEPTH: usize = 32;
/// How many objects a stream may hold: a certificate has about ten, and they are searched one by one.
const MAXIMUM_OBJECTS: usize = 512;
/// How many members their classes may have together, and how many values they: a certificate has about fifty.
const MAXIMUM_VALUES: usize = 4096;

/// Why bytes are no such serialization.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Malformed {
    pub(super) byte: usize,
    pub(super) expected: &'static str,
}

/// A stream that was read: its objects, by number.
#[derive(Debug)]
pub(super) struct Graph<'a> {
    root: i32,
    objects: Vec<(i32, Item<'a>)>,
    /// The members of all classes, and the values of all objects, which stand in a row: a list for each would be slow.
    members: Vec<(&'a [u8], Type)>,
    values: Vec<Item<'a>>,
}

/// An object, or a value of a member or an element, which is no object but refers to one.
#[derive(Clone, Copy, Debug)]
pub(super) enum Item<'a> {
    Null,
    /// A boolean, or an integer of any size.
    Number(i64),
    Text(&'a str),
    Bytes(&'a [u8]),
    /// A primitive that is nothing of these.
    Other,
    Reference(i32),
    /// The elements of an array.
    Array(Slice),
    /// The members of an object, and their values.
    Object(Slice, Slice),
}

/// Some of the members or values that stand in a row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slice {
    first: usize,
    count: usize,
}

#[derive(Clone, Copy, Debug)]
enum Type {
    Primitive(u8),
    /// A record follows.
    Record,
}

/// Reads a stream, signed or not.
pub(super) fn read(bytes: &[u8]) -> Result<Graph<'_>, Malformed> {
    let (bytes, offset) = unsigned(bytes)?;
    // Room for what a certificate has.
    let mut reader = Reader {
        bytes,
        at: 0,
        graph: Graph {
            root: 0,
            objects: Vec::with_capacity(16),
            members: Vec::with_capacity(32),
            values: Vec::with_capacity(40),
        },
    };
    reader.stream().map_err(|error| Malformed { byte: error.byte + offset, ..error })?;
    Ok(reader.graph)
}

/// The stream inside the wrapper that signed serialization puts around it, and where it begins.
fn unsigned(bytes: &[u8]) -> Result<(&[u8], usize), Malformed> {
    const MARK: &[u8] = b"#sig#";
    let Some(rest) = bytes.strip_prefix(MARK) else {
        return Ok((bytes, 0));
    };
    let start = MARK.len() + 4;
    let inner = rest.split_first_chunk().and_then(|(length, rest)| {
        let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
        rest.get(..length)
    });
    let expected = "after #sig# a length that fits and as many bytes";
    inner.map(|inner| (inner, start)).ok_or(Malformed { byte: MARK.len(), expected })
}

impl<'a> Graph<'a> {
    /// A member of the object that the stream is about.
    pub(super) fn member(&self, name: &str) -> Option<Item<'a>> {
        self.member_of(self.object(self.root)?, name)
    }

    /// A member of an object, with a reference followed.
    fn member_of(&self, item: Item<'a>, name: &str) -> Option<Item<'a>> {
        let Item::Object(members, values) = self.resolve(item)? else { return None };
        let place = members.of(&self.members).iter().position(|(member, _)| *member == name.as_bytes())?;
        self.resolve(*values.of(&self.values).get(place)?)
    }

    /// The integer of an enumeration.
    pub(super) fn enumeration(&self, name: &str) -> Option<i64> {
        match self.member_of(self.member(name)?, "value__")? {
            Item::Number(value) => Some(value),
            _ => None,
        }
    }

    /// Calls this with every text in a list that is a member; nothing where there is none.
    pub(super) fn each_text(&self, name: &str, found: &mut dyn FnMut(&'a str)) -> Option<()> {
        let list = self.member(name)?;
        // The places of the objects to look into, those that were and those that will be.
        let mut open = Vec::with_capacity(16);
        let mut next = 0;
        let (Item::Array(mut items) | Item::Object(_, mut items)) = list else { return None };
        loop {
            for item in items.of(&self.values) {
                match item {
                    Item::Text(text) => found(text),
                    Item::Reference(object) if !open.contains(object) => open.push(*object),
                    _ => {}
                }
            }
            items = loop {
                let Some(object) = open.get(next) else { return Some(()) };
                next += 1;
                match self.object(*object) {
                    Some(Item::Array(items) | Item::Object(_, items)) => break items,
                    Some(Item::Text(text)) => found(text),
                    _ => {}
                }
            };
        }
    }

    fn resolve(&self, item: Item<'a>) -> Option<Item<'a>> {
        match item {
            // An object is never a reference itself, so that one step is enough.
            Item::Reference(object) => self.object(object),
            _ => Some(item),
        }
    }

    fn object(&self, number: i32) -> Option<Item<'a>> {
        self.objects.iter().find_map(|(object, item)| (*object == number).then_some(*item))
    }
}

impl Slice {
    fn of<T>(self, all: &[T]) -> &[T] {
        all.get(self.first..).and_then(|all| all.get(..self.count)).unwrap_or_default()
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    graph: Graph<'a>,
}

/// What a record came to.
enum Record<'a> {
    Item(Item<'a>),
    /// So many nulls in one record.
    Nulls(usize),
    /// Something that is no value: a library.
    Aside,
    End,
}

impl<'a> Reader<'a> {
    fn stream(&mut self) -> Result<(), Malformed> {
        let expected = "the header of a binary serialization";
        if self.byte(expected)? != 0 {
            return Err(Malformed { byte: 0, expected });
        }
        self.graph.root = self.i32(expected)?;
        self.take(12, expected)?;
        while !matches!(self.record(0)?, Record::End) {}
        Ok(())
    }

    fn record(&mut self, depth: usize) -> Result<Record<'a>, Malformed> {
        let start = self.at;
        if depth > MAXIMUM_DEPTH {
            return Err(Malformed { byte: start, expected: "no deeper nesting" });
        }
        let item = match self.byte("a record")? {
            1 => {
                let object = self.i32("an object's number")?;
                let like = self.i32("the number of an object of the same class")?;
                let Some(Item::Object(members, _)) = self.graph.object(like) else {
                    return Err(Malformed { byte: start, expected: "an object of a class that came before" });
                };
                self.values(object, members, depth)?
            }
            record @ (4 | 5) => {
                let object = self.i32("an object's number")?;
                let members = self.class(record == 5)?;
                self.values(object, members, depth)?
            }
            6 => {
                let object = self.i32("an object's number")?;
                let text = self.text()?;
                self.keep(object, Item::Text(text))?
            }
            7 => self.array(depth)?,
            9 => Item::Reference(self.i32("a reference")?),
            10 => Item::Null,
            11 => return Ok(Record::End),
            12 => {
                self.i32("a library's number")?;
                self.name()?;
                return Ok(Record::Aside);
            }
            13 => return Ok(Record::Nulls(self.byte("a number of nulls")?.into())),
            14 => return Ok(Record::Nulls(self.length("a number of nulls")?)),
            15 => {
                let object = self.i32("an object's number")?;
                let length = self.length("the length of an array")?;
                let primitive = self.byte("a primitive type")?;
                let item = self.primitives(length, primitive)?;
                self.keep(object, item)?
            }
            17 => {
                let object = self.i32("an object's number")?;
                let length = self.length("the length of an array")?;
                self.elements(object, length, depth)?
            }
            _ => return Err(Malformed { byte: start, expected: "a record of a type that Exchange writes" }),
        };
        Ok(Record::Item(item))
    }

    /// A value where a record stands for one; libraries may come before it.
    fn value(&mut self, depth: usize) -> Result<Item<'a>, Malformed> {
        loop {
            let start = self.at;
            match self.record(depth + 1)? {
                Record::Item(item) => return Ok(item),
                Record::Nulls(1) => return Ok(Item::Null),
                Record::Aside => {}
                Record::Nulls(_) | Record::End => return Err(Malformed { byte: start, expected: "one value" }),
            }
        }
    }

    fn class(&mut self, has_library: bool) -> Result<Slice, Malformed> {
        self.name()?;
        let count = self.length("a number of members")?;
        let first = self.graph.members.len();
        if first.saturating_add(count) > MAXIMUM_VALUES {
            return Err(self.malformed("no more than 4096 members"));
        }
        for _ in 0..count {
            let name = self.name()?;
            self.graph.members.push((name, Type::Record));
        }
        for (index, kind) in self.take(count, "the types of the members")?.iter().enumerate() {
            let of = self.member_type(*kind)?;
            if let Some((_, member)) = self.graph.members.get_mut(first + index) {
                *member = of;
            }
        }
        if has_library {
            self.i32("a library's number")?;
        }
        Ok(Slice { first, count })
    }

    fn member_type(&mut self, kind: u8) -> Result<Type, Malformed> {
        match kind {
            0 => return Ok(Type::Primitive(self.byte("a primitive type")?)),
            1 | 2 | 5 | 6 => {}
            3 => {
                self.name()?;
            }
            4 => {
                self.name()?;
                self.i32("a library's number")?;
            }
            7 => {
                self.byte("a primitive type")?;
            }
            _ => return Err(self.malformed("a type of member")),
        }
        Ok(Type::Record)
    }

    fn values(&mut self, object: i32, members: Slice, depth: usize) -> Result<Item<'a>, Malformed> {
        let values = self.room(members.count)?;
        let item = self.keep(object, Item::Object(members, values))?;
        for index in 0..members.count {
            let value = match self.graph.members.get(members.first + index) {
                Some((_, Type::Primitive(primitive))) => self.primitive(*primitive)?,
                _ => self.value(depth)?,
            };
            self.put(values, index, value);
        }
        Ok(item)
    }

    /// Makes room for so many values; those of objects inside come after them.
    fn room(&mut self, count: usize) -> Result<Slice, Malformed> {
        let first = self.graph.values.len();
        let end = first.saturating_add(count);
        if end > MAXIMUM_VALUES {
            return Err(self.malformed("no more than 4096 values"));
        }
        self.graph.values.resize(end, Item::Null);
        Ok(Slice { first, count })
    }

    fn put(&mut self, values: Slice, index: usize, value: Item<'a>) {
        if let Some(place) = self.graph.values.get_mut(values.first + index) {
            *place = value;
        }
    }

    fn array(&mut self, depth: usize) -> Result<Item<'a>, Malformed> {
        let object = self.i32("an object's number")?;
        let shape = self.byte("the shape of an array")?;
        let rank = self.length("the rank of an array")?;
        if shape > 5 || rank == 0 || rank > 32 {
            return Err(self.malformed("an array of a known shape and of 1 to 32 dimensions"));
        }
        let mut length = 1_usize;
        for _ in 0..rank {
            length = length.saturating_mul(self.length("the length of an array")?);
        }
        if shape >= 3 {
            self.take(rank * 4, "the bounds of an array")?;
        }
        let kind = self.byte("the type of the elements")?;
        match self.member_type(kind)? {
            Type::Primitive(primitive) => {
                let item = self.primitives(length, primitive)?;
                self.keep(object, item)
            }
            Type::Record => self.elements(object, length, depth),
        }
    }

    fn elements(&mut self, object: i32, length: usize, depth: usize) -> Result<Item<'a>, Malformed> {
        let values = self.room(length)?;
        let item = self.keep(object, Item::Array(values))?;
        let mut index = 0;
        while index < length {
            let start = self.at;
            index += match self.record(depth + 1)? {
                Record::Item(value) => {
                    self.put(values, index, value);
                    1
                }
                Record::Nulls(count) if count <= length - index => count,
                Record::Aside => 0,
                Record::Nulls(_) | Record::End => {
                    return Err(Malformed {
                        byte: start,
                        expected: "no more and no fewer elements than the array has",
                    });
                }
            };
        }
        Ok(item)
    }

    /// An array of primitives, of which bytes alone are of use.
    fn primitives(&mut self, length: usize, primitive: u8) -> Result<Item<'a>, Malformed> {
        if primitive == 2 {
            return Ok(Item::Bytes(self.take(length, "as many bytes as the array has")?));
        }
        let size = size_of_primitive(primitive).ok_or_else(|| self.malformed("a primitive type of a known size"))?;
        self.take(length.saturating_mul(size), "as many elements as the array has")?;
        Ok(Item::Other)
    }

    fn primitive(&mut self, primitive: u8) -> Result<Item<'a>, Malformed> {
        if primitive == 17 {
            return Ok(Item::Null);
        }
        if matches!(primitive, 5 | 18) {
            return Ok(Item::Text(self.text()?));
        }
        let size = size_of_primitive(primitive).ok_or_else(|| self.malformed("a primitive type of a known size"))?;
        let bytes = self.take(size, "a primitive value")?;
        let unsigned = bytes.iter().rev().fold(0_u64, |value, byte| value << 8 | u64::from(*byte));
        let shift = u32::try_from(64 - size * 8).unwrap_or(0);
        Ok(match primitive {
            // The shifts carry the sign of a shorter integer upwards.
            7..=10 => Item::Number((unsigned.cast_signed() << shift) >> shift),
            1 | 2 | 14..=16 => i64::try_from(unsigned).map_or(Item::Other, Item::Number),
            _ => Item::Other,
        })
    }

    fn keep(&mut self, object: i32, item: Item<'a>) -> Result<Item<'a>, Malformed> {
        if self.graph.objects.len() >= MAXIMUM_OBJECTS {
            return Err(self.malformed("no more than 512 objects"));
        }
        self.graph.objects.push((object, item));
        Ok(Item::Reference(object))
    }

    fn text(&mut self) -> Result<&'a str, Malformed> {
        let start = self.at;
        let bytes = self.name()?;
        std::str::from_utf8(bytes).map_err(|_| Malformed { byte: start, expected: "a text of UTF-8" })
    }

    /// The bytes of a text with its length before it, seven bits a byte.
    fn name(&mut self) -> Result<&'a [u8], Malformed> {
        let start = self.at;
        let expected = "a text with its length before it";
        let mut length = 0_usize;
        for shift in [0, 7, 14, 21, 28] {
            let byte = self.byte(expected)?;
            length |= usize::from(byte & 0x7F) << shift;
            if byte & 0x80 == 0 {
                return self.take(length, expected);
            }
        }
        Err(Malformed { byte: start, expected })
    }

    fn length(&mut self, expected: &'static str) -> Result<usize, Malformed> {
        let start = self.at;
        usize::try_from(self.i32(expected)?).map_err(|_| Malformed { byte: start, expected })
    }

    fn i32(&mut self, expected: &'static str) -> Result<i32, Malformed> {
        let start = self.at;
        let bytes = self.take(4, expected)?.try_into().map_err(|_| Malformed { byte: start, expected })?;
        Ok(i32::from_le_bytes(bytes))
    }

    fn byte(&mut self, expected: &'static str) -> Result<u8, Malformed> {
        self.take(1, expected)?.first().copied().ok_or_else(|| self.malformed(expected))
    }

    fn take(&mut self, length: usize, expected: &'static str) -> Result<&'a [u8], Malformed> {
        let end = self.at.checked_add(length);
        let taken = end.and_then(|end| self.bytes.get(self.at..end)).ok_or_else(|| self.malformed(expected))?;
        self.at += length;
        Ok(taken)
    }

    fn malformed(&self, expected: &'static str) -> Malformed {
        Malformed { byte: self.at, expected }
    }
}

/// The bytes of a primitive; nothing for those whose size varies.
fn size_of_primitive(primitive: u8) -> Option<usize> {
    Some(match primitive {
        1 | 2 | 10 => 1,
        7 | 14 => 2,
        8 | 11 | 15 => 4,
        6 | 9 | 12 | 13 | 16 => 8,
        _ => return None,
    })
}
